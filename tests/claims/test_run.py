import json
import threading
import time
from contextlib import contextmanager

import pytest

from reactorkit.claims import run, verdicts
from reactorkit.claims.model import AuthorError
from reactorkit.claims.outcome import Notice, Outcome
from reactorkit.claims.run import experiment
from reactorkit.claims.world import Evidence, Finding, Silent, World
from reactorkit.errors import KitError
from reactorkit.lab import machine
from reactorkit.lab.process import living

GOOD = {"C13": Finding(True, "0.0 % CPU"), "C17": Finding(True, "20 KiB a thread")}


@pytest.fixture
def predicted(small_ledger, book):
    book.predict("C13", "a")
    return small_ledger


@pytest.fixture
def noisy(monkeypatch):
    monkeypatch.setattr(machine, "waiting_seconds", lambda: time.monotonic() * 0.4)


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(machine, "waiting_seconds", lambda: 0.0)
    monkeypatch.setattr(machine, "busy_seconds", lambda: 0.0)  # whoever else works here


def test_without_a_prediction_nothing_runs_and_the_reader_knows_why(small_ledger, book):
    small_ledger.idle = None
    for claim_id in ("C13", "C17"):  # C17 has no gate, but shares the experiment
        notice = experiment(claim_id)
        assert isinstance(notice, Notice)
        assert "Predict above, then run me again." in notice.text()
        assert 'predict("C13")' in notice.text()
    assert book.histories() == {}


@pytest.mark.parametrize("answer", ["a", "b", "?"])
def test_any_answer_opens_the_gate(small_ledger, book, answer):
    book.predict("C13", answer)
    assert isinstance(experiment("C13"), Outcome)


def test_the_test_runs_answer_by_themselves(small_ledger, book, monkeypatch):
    monkeypatch.setenv("REACTORKIT_AUTOPREDICT", "1")
    assert isinstance(experiment("C13"), Outcome)
    assert book.history("C13").latest == "a"


def test_outcome_is_remembered_for_every_claim_of_the_experiment(predicted, book):
    experiment("C17")
    records = [json.loads(line) for line in book.path.read_text().splitlines()]
    assert [(each["kind"], each["claim"]) for each in records] == [
        ("prediction", "C13"),
        ("outcome", "C13"),
        ("outcome", "C17"),
    ]
    assert records[1]["met"] is True
    assert records[1]["words"] == "REFUTED"
    assert records[1]["prediction"] == "a"
    assert records[1]["measured"] == "0.0 % CPU"
    assert records[1]["attempts"] == 1


def test_text_says_everything(predicted):
    predicted.idle = lambda world: world.note("Reduced to 900 clients.") or Evidence(GOOD)
    shown = " ".join(experiment("C13").text().split())
    for expected in (
        "How busy is the CPU?",
        "a) A whole core",
        "0.0 % CPU",
        "Threads that wait <for> I/O keep using the CPU.",
        "✘ REFUTED",
        "Not as you predicted. It is b) Practically idle.",
        "anyone who thinks the scheduler visits all threads.",
        "A blocked thread is not on the run queue.",
        "◐ HOLDS ONLY IF you count the pages it has touched.",
        "Reduced to 900 clients.",
        "everything it started has ended",
    ):
        assert expected in shown


def test_html_says_the_same_and_survives_an_untrusted_notebook(predicted):
    from reactorkit.view import charts

    predicted.idle = lambda world: Evidence(
        GOOD,
        data={"cpu": [0.1, 97]},
        picture=lambda data: charts.bars(["a", "b"], data["cpu"], ylabel="CPU (%)"),
        caption="One <b> bar.",
        alt='Two "bars".',
    )
    html = experiment("C13").html()
    assert 'src="data:image/png;base64,' in html
    assert 'alt="Two &quot;bars&quot;."' in html
    assert "One &lt;b&gt; bar." in html
    assert "wait &lt;for&gt; I/O" in html
    for forbidden in ("<svg", "<script", "<style", "class=", "http:", "https:"):
        assert forbidden not in html
    for expected in ("REFUTED", "HOLDS ONLY IF", "a) A whole core", "0.0 % CPU", "run queue"):
        assert expected in html


def test_a_right_prediction_is_said_to_be_right(small_ledger, book):
    book.predict("C13", "b")
    assert "✔ As you predicted." in experiment("C13").text()


def test_just_show_me_is_neither_right_nor_wrong(small_ledger, book):
    book.predict("C13", "?")
    shown = experiment("C13").text()
    assert "just show me" in shown
    assert "predicted" not in shown


def test_not_met_on_a_quiet_machine_is_unexpected_with_reasons(predicted, book, quiet):
    calls = []
    predicted.idle = lambda world: (
        calls.append(1)
        or Evidence(
            {**GOOD, "C13": Finding(False, "12 % CPU", why="Something else talked to the server.")}
        )
    )
    outcome = experiment("C13")
    assert outcome["C13"].verdict.words == verdicts.UNEXPECTED
    assert "Likely reasons: Something else talked" in " ".join(outcome.text().split())
    assert "Something else talked" in outcome.html()
    assert "predicted" not in outcome.text()
    assert len(calls) == 1
    assert book.history("C13").outcome["met"] is False


def test_unexpected_without_a_reason_still_names_likely_ones(predicted, quiet):
    predicted.idle = lambda world: Evidence({**GOOD, "C17": Finding(False, "equal")})
    assert "Other programs" in experiment("C13").text()


def test_noise_gets_three_tries_and_then_no_answer(predicted, book, noisy):
    calls = []
    predicted.idle = lambda world: calls.append(1) or Evidence({**GOOD, "C13": Finding(False, "9")})
    outcome = experiment("C13")
    assert len(calls) == run.ATTEMPTS == outcome.attempts
    assert outcome["C13"].verdict.words == verdicts.UNDECIDABLE
    assert "this experiment waited for a CPU 4" in " ".join(outcome.text().split())
    assert outcome["C17"].verdict.words == verdicts.ONLY_IF
    assert book.history("C13").outcome["met"] is None


def test_a_second_try_that_meets_the_criterion_counts(predicted, noisy):
    findings = iter([Finding(False, "9"), Finding(True, "0")])
    predicted.idle = lambda world: Evidence({**GOOD, "C13": next(findings)})
    outcome = experiment("C13")
    assert (outcome["C13"].finding.met, outcome.attempts) == (True, 2)


def test_noise_is_no_excuse_for_a_claim_that_load_cannot_disturb(predicted, noisy):
    predicted.idle = lambda world: Evidence({**GOOD, "C17": Finding(False, "equal")})
    outcome = experiment("C13")
    assert (outcome["C17"].verdict.words, outcome.attempts) == (verdicts.UNEXPECTED, 1)


def test_an_open_answer_that_nothing_excuses_is_the_authors_fault(predicted):
    predicted.idle = lambda world: Evidence({**GOOD, "C17": Finding(None, "?")})
    with pytest.raises(AuthorError, match="C17"):
        experiment("C13")


@pytest.mark.parametrize("findings", [{}, {"C13": GOOD["C13"]}, {**GOOD, "C19": GOOD["C13"]}])
def test_an_experiment_answers_for_exactly_its_claims(predicted, findings):
    predicted.idle = lambda world: Evidence(findings)
    with pytest.raises(AuthorError, match="C13, C17"):
        experiment("C13")


def test_a_missing_experiment_is_the_authors_fault_and_names_the_nearest(predicted):
    del predicted.idle
    predicted.idel = len
    with pytest.raises(AuthorError, match=r"no experiment 'idle'.*idel"):
        experiment("C13")


def test_another_platform_decides_nothing_and_runs_nothing(small_ledger, monkeypatch):
    small_ledger.race = None
    monkeypatch.setattr("sys.platform", "darwin")
    notice = experiment("C19")
    assert isinstance(notice, Notice)
    assert "NOT DECIDABLE HERE" in notice.text()
    assert "linux" in notice.text()


def test_history_shows_its_sources(small_ledger):
    notice = experiment("C99")
    assert "nothing to measure" in notice.text()
    assert "The C10K problem" in notice.html()


def test_a_lesson_to_come_says_so(small_ledger):
    assert "lesson 13" in experiment("C98").text()


def test_an_unknown_claim_is_a_sentence(small_ledger):
    with pytest.raises(KitError, match="no claim 'C77'"):
        experiment("C77")


def test_everything_an_experiment_started_ends_with_it(predicted):
    seen = {}

    def idle(world):
        server = seen["server"] = world.serve("echo_threads")
        held = world.hold(server, 5)
        peer = world.peer(server)
        assert peer.echo(b"hello") >= 0
        assert len(held.peers) == 5
        seen["crowd"] = world.crowd(server, 3, "idle")
        return Evidence(GOOD)

    predicted.idle = idle
    assert isinstance(experiment("C13"), Outcome)
    assert not seen["server"].alive
    assert living() == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError("bug"), PermissionError(13, "no")])
def test_however_it_ends_nothing_is_left(predicted, book, error):
    left = []

    @contextmanager
    def thing():
        yield
        left.append("ended")

    def idle(world):
        world.enter(thing())
        world.defer(left.append, "deferred")
        raise error

    predicted.idle = idle
    if error is KeyboardInterrupt:
        shown = experiment("C13").text()
        assert shown == "C13: stopped. Nothing is left running from it."
    elif isinstance(error, OSError):
        with pytest.raises(KitError, match="could not finish"):
            experiment("C13")
    else:
        with pytest.raises(ValueError, match="bug"):
            experiment("C13")
    assert left == ["deferred"] or left == ["deferred", "ended"]
    assert book.history("C13").outcome is None
    predicted.idle = lambda world: Evidence(GOOD)
    assert isinstance(experiment("C13"), Outcome)


def test_one_experiment_at_a_time(predicted):
    began, go_on = threading.Event(), threading.Event()

    def idle(world):
        began.set()
        assert go_on.wait(20)
        return Evidence(GOOD)

    predicted.idle = idle
    first = threading.Thread(target=experiment, args=("C13",))
    first.start()
    assert began.wait(20)
    notice = experiment("C13")
    go_on.set()
    first.join()
    assert "Another experiment is still running" in notice.text()


def test_a_stop_request_ends_an_experiment_at_its_next_step():
    stop = threading.Event()
    counted = []

    def count():
        with World(Silent(), stop) as world:
            for number in world.progress(range(100), "counting"):
                counted.append(number)
                if number == 3:
                    stop.set()

    with pytest.raises(run.Stopped):
        count()
    assert counted == [0, 1, 2, 3]


def test_sizes_follow_the_machine(monkeypatch):
    monkeypatch.setenv("REACTORKIT_QUICK", "1")
    with World() as world:
        assert world.pick(quick=1, small=2, normal=3) == 1
    monkeypatch.delenv("REACTORKIT_QUICK")
    monkeypatch.setenv("REACTORKIT_SCALE", "small")
    with World() as world:
        assert world.pick(quick=1, small=2, normal=3) == 2


def test_a_note_is_stated_once():
    with World() as world:
        world.note("Reduced.")
        world.note("Reduced.")
    assert world.notes == ["Reduced."]


def test_an_author_hears_of_an_experiment_that_takes_too_long(predicted, monkeypatch):
    clock = iter([0.0, 25.0])
    monkeypatch.setattr(run.time, "monotonic", lambda: next(clock))
    predicted.idle = lambda world: Evidence(GOOD)
    monkeypatch.setattr(run, "World", QuietWorld)
    with pytest.warns(UserWarning, match="took 25 s"):
        experiment("C13")


class QuietWorld(World):
    """A world that does not look at the clock."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


def test_an_unwritable_journal_is_told_under_the_outcome(predicted, book):
    book.path.unlink()
    book.path.mkdir()
    book.predict("C13", "a")
    outcome = experiment("C13")
    assert "cannot be used" in " ".join(outcome.text().split())
    assert "cannot be used" in outcome.html()


def test_matplotlib_waits_for_a_picture():
    import subprocess
    import sys

    code = (
        "import sys; import reactorkit.claims.run, reactorkit.claims.predict, "
        "reactorkit.claims.page, reactorkit.view, reactorkit.view.still; "
        "print([name for name in ('matplotlib', 'ipywidgets', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_time_is_stated(predicted):
    predicted.idle = lambda world: time.sleep(0.01) or Evidence(GOOD)
    outcome = experiment("C13")
    assert outcome.seconds >= 0.01
    assert f"Took {outcome.seconds:.1f} s" in outcome.text()
