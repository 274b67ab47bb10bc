import subprocess
import sys
from html.parser import HTMLParser

import pytest

from reactorkit import course
from reactorkit.claims import model, page
from reactorkit.claims.page import ledger, main
from reactorkit.claims.predict import predict
from reactorkit.claims.run import experiment


class Balance(HTMLParser):
    """Collect tags, and refuse HTML whose elements do not close in order."""

    VOID = ("meta", "img", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def lessons(monkeypatch):
    """Lesson 2 exists, and no other."""
    exists = property(lambda self: self.number == 2)
    monkeypatch.setattr(course.Lesson, "exists", exists)


def states(shown):
    return dict(shown.summary)


def test_a_fresh_ledger_is_not_run_history_or_coming(small_ledger, lessons):
    shown = ledger()
    assert shown.total == len(model.load()) == 5
    assert states(shown) == {page.NOT_RUN: 3, page.COMING: 1, page.HISTORY: 1}
    assert "coming: notebook 13" in shown.text()
    assert "coming: notebook 13" in shown.html()


def test_prediction_stands_beside_measurement_and_verdict(small_ledger, lessons):
    predict("C13", answer="a")
    experiment("C13")
    shown = ledger()
    assert states(shown)["REFUTED"] == 1
    assert states(shown)["HOLDS ONLY IF"] == 1
    for text in (shown.text(), shown.html()):
        for expected in ("a) A whole core", "0.0 % CPU", "✘ REFUTED", "20 KiB a thread"):
            assert expected in text
    assert "sched(7)" in shown.html()
    assert "<div>you count the pages it has touched.</div>" in shown.html()


def test_a_verdict_shows_only_after_the_readers_own_run(small_ledger, lessons):
    predict("C13", answer="b")
    for text in (ledger().text(), ledger().html()):
        assert "b) Practically idle" in text
        assert "✘ REFUTED" not in text.partition("02 A thread")[2]
        assert "run queue" not in text


def test_not_decidable_and_unexpected_are_counted_and_never_as_settled(small_ledger, lessons, book):
    book.append("outcome", claim="C13", met=None, measured="9 %", why="The machine was busy.")
    book.append("outcome", claim="C17", met=False, measured="equal")
    shown = ledger()
    assert states(shown)["NOT DECIDABLE HERE"] == 1
    assert states(shown)["UNEXPECTED HERE"] == 1
    assert shown.sections[0].decided == 0
    assert "The machine was busy." in shown.html()


def test_the_newest_outcome_and_the_first_prediction_stand(small_ledger, lessons, book):
    book.predict("C13", "a")
    book.append("outcome", claim="C13", met=False, measured="50 %")
    book.predict("C13", "b")
    book.append("outcome", claim="C13", met=True, measured="0 %")
    text = " ".join(ledger().text().split())
    assert "b) Practically idle (first: a) A whole core)" in text
    assert "50 %" not in text


def test_everything_is_escaped(small_ledger, lessons, book):
    evil = "<script>alert('x')</script> & \"quotes\""
    book.append("outcome", claim="C13", met=None, measured=evil, why=evil)
    for html in (ledger().html(), ledger().document()):
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert "wait &lt;for&gt; I/O" in html
        assert "Tanenbaum &amp; Bos" in html


def test_html_needs_nothing_from_elsewhere_and_is_well_formed(small_ledger, lessons):
    experiment("C19")
    inside = Balance(ledger().html())
    assert not {"script", "style", "svg", "link", "img"} & {*inside.tags}
    assert "class" not in inside.attributes
    document = ledger().document()
    whole = Balance(document)
    assert not {"script", "svg", "link", "img"} & {*whole.tags}
    assert document.startswith("<!doctype html>")
    assert "http" not in document


def test_the_whole_ledger_shows_every_claim_and_gap_once(home):
    shown = ledger()
    html, text = shown.html(), shown.text()
    assert shown.total == 147
    for claim_id in model.load():
        assert html.count(f">{claim_id}<") == 1
        assert text.count(f"\n  {claim_id} ") == 1
    for gap in model.gaps():
        assert html.count(f"<strong>{gap.id} ") == 1
    numbers = [section.lesson.number for section in shown.sections]
    assert numbers == sorted(numbers)


def test_practice_is_no_part_of_the_ledger(home):
    assert not [each for each in model.load(model.PRACTICE_FILE) if each in ledger().html()]


def test_trouble_with_the_journal_is_told(small_ledger, book):
    book.path.mkdir(parents=True)
    book.predict("C13", "a")
    assert "cannot be used" in ledger().text().replace("\n", " ")
    assert "cannot be used" in ledger().html()


def test_in_a_terminal(small_ledger, capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("The ledger: 5 claims\n")


def test_as_a_file(small_ledger, home, capsys):
    out = home / "ledger.html"
    assert main(["--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    assert out.read_text(encoding="utf-8") == ledger().document()


def test_a_file_that_cannot_be_written_is_a_sentence(small_ledger, home, capsys):
    assert main(["--out", str(home / "no" / "such" / "folder.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_by_the_command_line(home):
    done = subprocess.run(
        [sys.executable, "-m", "reactorkit", "ledger"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("The ledger: 147 claims\n")
    assert done.stderr == ""
