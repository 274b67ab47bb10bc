"""What a learner does: write the answer's cell, check it, ask for hints, see a solution."""

import json
import os
from pathlib import Path

import pytest

from reactorkit.errors import KitError
from reactorkit.grading import attempts, catalog, notebook, submission
from reactorkit.grading.replay import record
from reactorkit.grading.results import FAILED, PASSED, UNATTEMPTED, CheckResult, Result
from reactorkit.trace.recording import Recording

FOLDER = Path(__file__).resolve().parent.parent / "submissions" / "x02"
RIGHT = (FOLDER / "right_threads.py").read_text()
WRONG = (FOLDER / "wrong_join_in_loop.py").read_text()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REACTORKIT_HOME", str(tmp_path))
    return tmp_path


def tried(score, source):
    """Write an attempt down, as `check` does after it has judged."""
    outcome = PASSED if score == 5 else FAILED
    checks = (CheckResult("one", "One", outcome, score, 5),)
    attempts.remember(Result("x02", "A title", "0", checks), source)


def test_the_answer_s_cell_becomes_a_file_and_an_earlier_one_is_kept(home, capsys):
    notebook.write_answer("x02", "first = 1\n")
    notebook.write_answer(" x02 ", "second = 2")
    notebook.write_answer("x02", "second = 2\n")  # the same again
    assert (home / "work" / "x02.py").read_text() == "second = 2\n"
    assert [one.read_text() for one in (home / "work" / "earlier").iterdir()] == ["first = 1\n"]
    assert "work/x02.py" in capsys.readouterr().out


def test_an_unknown_exercise_is_answered_with_the_nearest():
    with pytest.raises(KitError, match=r"There is no exercise 'x2'\. Did you mean x02"):
        notebook.write_answer("x2", "")


def test_without_a_file_it_says_which_cell_to_run():
    with pytest.raises(KitError, match="Run the cell that begins with %%exercise x02"):
        notebook.check("x02")


def test_the_starter_is_unattempted_and_counts_as_no_attempt():
    exercise = catalog.get("x02")
    notebook.write_answer("x02", submission.starter(exercise))
    shown = notebook.check("x02")
    assert {one.outcome for one in shown.result.checks} == {UNATTEMPTED}
    assert "Nothing has been changed yet" in shown.text()
    assert attempts.tries()["x02"].attempts == 0


def test_a_comment_does_not_make_an_answer(home):
    exercise = catalog.get("x02")
    notebook.write_answer("x02", f"# mine\n\n{submission.starter(exercise)}\n# the end\n")
    assert submission.read(exercise, home / "work" / "x02.py").unchanged


def test_a_right_answer_is_shown_as_one_and_opens_the_solution():
    notebook.write_answer("x02", RIGHT)
    shown = notebook.check("x02")
    assert shown.result.passed
    assert "5 of 5 points" in shown._repr_html_()
    assert "serve(listener)" in notebook.solution("x02").text
    assert shown.replay() is None


def test_a_wrong_answer_tells_its_story():
    notebook.write_answer("x02", WRONG)
    shown = notebook.check("x02")
    html = shown._repr_html_()
    assert "What happened in the first check that failed" in html
    assert "Bob connects" in html
    assert "each client needs a thread of its own" in html
    assert "instead" in shown.text()


def test_the_failing_run_can_be_recorded(home):
    exercise = catalog.get("x02")
    given = submission.read(exercise, FOLDER / "wrong_upper_case.py")
    run = record(given, "x02", "echoes")
    assert "It has failed again" in run.sentence and "which differs from byte" in run.sentence
    assert run.path.parent == home / "work" / "replays"
    with Recording.open(run.path) as recording:
        last = recording.state_after(len(recording.events))
    assert (last["totals"]["accepted"], last["ended"] is not None) == (1, True)


def test_a_file_that_was_judged_before_may_be_one_that_was_not_written_anew(home, monkeypatch):
    notebook.write_answer("x02", "def serve(listener)\n")
    assert notebook.check("x02").notes == ()
    assert notebook.check("x02").notes == (notebook.SAME,)
    saved = home / "x02.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(saved))
    cell = {"cell_type": "code", "metadata": {"tags": ["exercise:x02"]}, "source": "edited = 1"}
    saved.write_text(json.dumps({"cells": [cell]}))
    later = (home / "work" / "x02.py").stat().st_mtime + 1
    os.utime(saved, (later, later))
    assert notebook.check("x02").notes == (notebook.DIFFERS,)
    os.utime(saved, (later - 2, later - 2))  # saved before the cell was run: it says nothing
    assert notebook.check("x02").notes == (notebook.SAME,)


def test_the_next_hint_opens_after_a_new_attempt():
    hints = catalog.get("x02").hints
    assert notebook.hint("x02") == hints[0]
    assert hints[1] not in notebook.hint("x02")
    tried(1, "a = 1")
    assert hints[1] in notebook.hint("x02")
    tried(1, "a = 1")  # the same file again is no new attempt
    assert hints[2] not in notebook.hint("x02")
    tried(1, "a = 2")
    assert hints[2] in notebook.hint("x02")


def test_the_solution_opens_after_all_hints_and_three_attempts_and_only_if_asked_for():
    with pytest.raises(KitError, match="once yours has passed"):
        notebook.solution("x02", give_up=True)
    for n in range(4):
        notebook.hint("x02")
        tried(1, f"a = {n}")
    with pytest.raises(KitError, match="give_up=True"):
        notebook.solution("x02")
    assert "threading" in notebook.solution("x02", give_up=True).text


def test_the_best_attempt_counts_whatever_comes_after_it():
    tried(5, "a = 1")
    tried(2, "a = 2")
    known = attempts.tries()["x02"]
    assert (known.best, known.passed, known.attempts) == (5, True, 2)


def test_records_of_another_version_are_passed_over():
    odd = [{"exercise": "x02", "kind": "attempt"}, {"exercise": 7}, {"kind": "attempt"}]
    assert attempts.fold(odd)["x02"].attempts == 0
