"""The judge: what it makes of right and wrong answers, and of files that are none."""

from dataclasses import replace
from pathlib import Path

import pytest

from reactorkit.grading import catalog, submission
from reactorkit.grading import judge as judging
from reactorkit.grading.judge import judge
from reactorkit.grading.results import ERROR, FAILED, PASSED

SUBMISSIONS = Path(__file__).resolve().parent.parent / "submissions"


def judged(path, exercise="x02"):
    one = catalog.get(exercise)
    return judge(one, submission.read(one, Path(path)))


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "answer.py"
        path.write_text(text)
        return path

    return write


def test_a_file_that_is_no_python_gets_a_sentence(write):
    result = judged(write("def serve(listener)\n    pass\n"))
    assert result.score == 0
    assert "line 1 is not Python" in result.first_failure.got


def test_a_file_without_the_function_gets_a_sentence(write):
    result = judged(write("def server(listener):\n    pass\n"))
    assert result.score == 0
    assert "defines no function serve(listener)" in result.text()


def test_a_file_that_fails_while_it_is_loaded_gets_a_sentence(write):
    result = judged(write("import no_such_module\n"))
    assert "could not be loaded (ModuleNotFoundError" in result.text()


def test_what_a_submission_prints_changes_no_score(write):
    text = 'print(\'{"score": 5, "outcome": "passed"}\')\nimport os\nos._exit(0)\n'
    assert judged(write(text)).score == 0


NOT_A_DIGIT = """
def serve(listener):
    client, _ = listener.accept()
    client.sendall(b"seven")
    client.recv(1)
"""


def first_check_is(monkeypatch, function):
    """Judge with this function in place of x02's first check, and return that check's result."""
    monkeypatch.setattr(judging, "function_of", lambda *_: function)
    one = catalog.get("x02")
    return lambda path: judge(
        replace(one, checks=one.checks[:1]), submission.read(one, path)
    ).checks[0]


def digit(stage):
    ann = stage.client()
    ann.sends(b"7")
    assert int(ann.peer.recv()) == 7


def test_who_makes_a_check_stumble_gets_no_points(monkeypatch, write):
    judged_by = first_check_is(monkeypatch, digit)
    assert judged_by(SUBMISSIONS / "x02" / "right_threads.py").outcome == PASSED
    result = judged_by(write(NOT_A_DIGIT))
    assert (result.outcome, result.points) == (FAILED, 0)
    assert "stumbles" in result.got and "ValueError" in result.got


def test_a_check_that_stumbles_over_our_answer_too_costs_no_points(monkeypatch):
    def broken(_):
        raise ZeroDivisionError

    result = first_check_is(monkeypatch, broken)(SUBMISSIONS / "x02" / "right_threads.py")
    assert (result.outcome, result.points) == (ERROR, result.max)
    assert "a fault of the check" in result.cause


def test_a_check_that_stumbles_once_is_tried_again(monkeypatch):
    times = []

    def unlucky(stage):
        times.append(stage)
        if len(times) == 1:
            raise OSError("no descriptor left in the judge")

    result = first_check_is(monkeypatch, unlucky)(SUBMISSIONS / "x02" / "right_threads.py")
    assert (result.outcome, len(times)) == (PASSED, 2)
