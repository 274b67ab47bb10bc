import json
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from reactorkit.claims import model
from reactorkit.claims.outcome import Notice
from reactorkit.claims.predict import Card, predict
from reactorkit.claims.run import experiment
from reactorkit.errors import KitError


def test_a_card_shows_question_and_answers_and_how_to_answer(small_ledger, book):
    shown = predict("C13").text()
    for expected in ("How busy is the CPU?", "a) A whole core", "b) Practically idle"):
        assert expected in shown
    assert "?) just show me" in shown
    assert 'predict("C13", answer="a")' in shown
    assert book.histories() == {}


@pytest.mark.parametrize(("answer", "kept"), [("b", "b"), (" B ", "b"), ("?", "?")])
def test_an_answer_works_without_widgets(small_ledger, book, answer, kept):
    card = predict("C13", answer=answer)
    assert book.history("C13").latest == kept
    assert set(card._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_wrong_key_is_a_sentence_with_the_right_ones(small_ledger, book):
    with pytest.raises(KitError, match=r"no answer 'x': choose one of a, b, or \"\?\""):
        predict("C13", answer="x")
    assert book.histories() == {}


def test_before_the_outcome_the_card_does_not_say_what_is_right(small_ledger):
    predict("C13", answer="a")
    for shown in (predict("C13").text(), predict("C13").html()):
        assert "Your prediction: a) A whole core" in shown
        assert "thinks" not in shown
        assert "predicted" not in shown
        assert "Verdict" not in shown


def test_after_the_outcome_the_card_shows_both(small_ledger):
    predict("C13", answer="a")
    experiment("C13")
    shown = predict("C13").text()
    assert "Your prediction: a) A whole core" in shown
    assert "Measured: 0.0 % CPU" in shown
    assert "✘ REFUTED" in shown
    assert "comes naturally to anyone who thinks" in shown.replace("\n", " ")


def test_the_answer_may_change_until_the_outcome_and_then_a_new_round_begins(small_ledger, book):
    predict("C13", answer="a")
    predict("C13", answer="b")
    assert book.history("C13").round == 1
    experiment("C13")
    predict("C13", answer="a")
    history = book.history("C13")
    assert (history.round, history.first, history.settled) == (2, "a", False)
    assert "Verdict" not in predict("C13").text()


def test_running_the_same_cell_again_changes_nothing(small_ledger, book):
    predict("C13", answer="b")
    experiment("C13")
    predict("C13", answer="b")
    assert book.history("C13").settled
    assert len(book.history("C13").predictions) == 1


def test_the_first_prediction_is_remembered(small_ledger):
    predict("C13", answer="a")
    experiment("C13")
    predict("C13", answer="b")
    assert "Your first prediction: a) A whole core" in predict("C13").text()


def test_an_outcome_from_another_version_of_the_ledger_is_no_obstacle(small_ledger, book):
    book.predict("C13", "gone")
    book.append("outcome", claim="C13", met=True, measured="0 %", prediction="gone")
    book.append("outcome", claim="C17", met=None)
    assert "REFUTED" in predict("C13").text()
    assert "nothing yet" in predict("C13").text()


def test_a_claim_without_a_question_says_how_to_run_it(small_ledger):
    notice = predict("C17")
    assert isinstance(notice, Notice)
    assert 'experiment("C17")' in notice.text()


def test_an_unknown_claim_is_a_sentence(small_ledger):
    with pytest.raises(KitError, match="no claim 'C31'"):
        predict("C31")


def test_a_journal_that_cannot_be_written_is_told_in_the_card(small_ledger, book):
    book.path.mkdir(parents=True)
    shown = predict("C13", answer="a").text().replace("\n", " ")
    assert "Your prediction: a) A whole core" in shown
    assert "cannot be used" in shown


def test_the_test_runs_answer_by_themselves(small_ledger, book, monkeypatch):
    monkeypatch.setenv("REACTORKIT_AUTOPREDICT", "1")
    predict("C13")
    assert book.history("C13").latest == "a"


def test_without_ipywidgets_a_kernel_shows_the_text_twin(small_ledger, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    card = predict("C13")
    assert isinstance(card, Card)
    assert set(card._repr_mimebundle_()) == {"text/plain", "text/html"}


# The rest runs in a real kernel, where clicks reach the worker thread.

SET_UP = """
import pathlib, sys, time, types
from reactorkit.claims import model, worker
from reactorkit.claims.predict import predict
from reactorkit.claims.run import Evidence, Finding, experiment
from reactorkit.view import charts
model.CLAIMS_FILE = pathlib.Path({ledger!r})
lesson = types.ModuleType("reactorkit.claims.experiments.nb02")
sys.modules[lesson.__name__] = lesson

def idle(world):
    for _ in world.progress(range(20), "connecting"):
        time.sleep(0.01)  # the experiment takes a moment
    return Evidence(
        {{"C13": Finding(True, "0.0 % CPU"), "C17": Finding(True, "20 KiB a thread")}},
        data={{"cpu": [0.1, 97.0]}},
        picture=lambda data: charts.bars(["a", "b"], data["cpu"], ylabel="CPU (%)"),
        caption="To see.", alt="Bars.",
    )

def endless(world):
    for _ in world.progress(range(1_000_000), "connecting"):
        time.sleep(0.01)

def broken(world):
    raise ZeroDivisionError("half")

lesson.idle = idle

def settle(seconds=60):
    import threading
    done = threading.Event()
    worker.ask(done.set)
    assert done.wait(seconds)

def shown_card():
    card = predict("C13")
    card._repr_mimebundle_()
    return card._widget
"""


def run_lesson(home, *sources):
    """Run cells in a fresh kernel, as restart-and-run-all does; returns the outputs of each."""
    set_up = SET_UP.format(ledger=str(model.CLAIMS_FILE))
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in (set_up, *sources)]
    resources = {"metadata": {"path": str(home)}}
    NotebookClient(notebook, timeout=90, kernel_name="python3", resources=resources).execute()
    return [cell.outputs for cell in notebook.cells[1:]]


def only(outputs, kind):
    return [output for output in outputs if output.output_type == kind]


def printed(outputs):
    return "".join(output.text for output in only(outputs, "stream"))


def test_run_all_without_answers_says_what_to_do_and_with_one_it_runs(small_ledger, home):
    asked, refused, _, ran = run_lesson(
        home,
        'predict("C13")',
        'experiment("C13")',
        'predict("C13", answer="a");',
        'experiment("C13")',
    )
    (card,) = asked
    widget = "application/vnd.jupyter.widget-view+json"
    assert set(card.data) == {"text/plain", "text/html", widget}
    assert "How busy is the CPU?" in card.data["text/plain"]
    (notice,) = refused
    assert "Predict above, then run me again." in notice.data["text/plain"]
    bar, outcome = ran
    assert bar.data == {"text/html": "", "text/plain": ""}
    assert "REFUTED" in outcome.data["text/plain"]
    assert "data:image/png;base64," in outcome.data["text/html"]


def test_click_by_click_to_the_outcome_inside_the_card(small_ledger, home, book):
    asked, kept, ran, again, closed = run_lesson(
        home,
        "w = shown_card(); w.confirm.click(); settle()\n"
        "print(w.message.value, w.starting.layout.display)",
        'w.options.value = "a"; w.confirm.click(); settle()\n'
        "print(w.message.value, w.starting.layout.display, w.confirm.description)",
        "w.start.click(); settle()\n"
        "print(w.outcome.value, w.choosing.layout.display, w.start.description)",
        "w.again.click(); settle()\n"
        "print(w.options.value, w.choosing.layout.display, w.outcome.value == '')",
        "from ipywidgets import Widget\n"
        "before = len(Widget.get_manager_state()['state']); w.close()\n"
        "print(before, len(Widget.get_manager_state()['state']))",
    )
    assert "Choose an answer first" in printed(asked)
    assert "none" in printed(asked)
    shown = printed(kept)
    assert "Your prediction is kept: a) A whole core" in shown
    assert "Change my prediction" in shown
    assert "thinks" not in shown
    shown = printed(ran)
    for expected in ("0.0 % CPU", "REFUTED", "data:image/png;base64,", "thinks", "Run it again"):
        assert expected in shown
    assert "How busy is the CPU?" not in shown  # the card shows the question already
    assert printed(again).split() == ["None", "None", "True"]
    before, after = map(int, printed(closed).split())
    assert (before > 20, after) == (True, 0)
    kinds = [json.loads(line)["kind"] for line in book.path.read_text().splitlines()]
    assert kinds == ["prediction", "outcome", "outcome"]

    (later,) = run_lesson(
        home,
        "w = shown_card(); print(w.message.value, w.again.layout.display, w.options.value)\n"
        "print(w.choosing.layout.display)",
    )
    shown = printed(later)
    assert "You said: a) A whole core" in shown
    assert "REFUTED" in shown
    assert shown.split()[-1] == "none"


def test_stop_and_a_failure_are_told_and_the_next_click_works(small_ledger, home, book):
    stopped, failed, fine = run_lesson(
        home,
        "lesson.idle = endless\n"
        "w = shown_card(); w.show.click(); w.start.click()\n"
        "deadline = time.monotonic() + 60\n"
        'while "connecting" not in w.label.value and time.monotonic() < deadline:\n'
        "    time.sleep(0.01)\n"
        "w.halt.click(); settle()\n"
        "print(w.outcome.value, w.starting.layout.display, w.running.layout.display)",
        "lesson.idle = broken; w.start.click(); settle()\n"
        "print(w.message.value, w.starting.layout.display)",
        "lesson.idle = idle; w.start.click(); settle(); print(w.outcome.value)",
    )
    shown = printed(stopped)
    assert "stopped. Nothing is left running from it." in shown
    assert shown.split()[-2:] == ["None", "none"]
    assert "ZeroDivisionError: half" in printed(failed)
    assert "REFUTED" in printed(fine)
    assert len(book.history("C13").outcomes) == 1
