"""Every kept submission, right or wrong, against the checks: the grade of a stranger.

A right one gets all points. A wrong one fails the check that names it in the catalogue; others may
fail too.
"""

from pathlib import Path

import pytest

from reactorkit.grading import catalog, submission
from reactorkit.grading.judge import judge
from reactorkit.grading.results import FAILED

FOLDER = Path(__file__).resolve().parent.parent / "submissions"
EXERCISES = catalog.catalog()
ALL = sorted(FOLDER.glob("x*/*.py"))


def named(path):
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("path", [path for path in ALL if path.stem.startswith("right")], ids=named)
def test_a_right_one_gets_all_points(path):
    exercise = EXERCISES[path.parent.name]
    result = judge(exercise, submission.read(exercise, path))
    assert result.passed, result.text()


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)
def test_the_solution_that_is_shown_is_a_right_one(exercise):
    result = judge(exercise, submission.read(exercise, exercise.solution))
    assert result.passed, result.text()


@pytest.mark.parametrize("path", [path for path in ALL if path.stem.startswith("wrong")], ids=named)
def test_a_wrong_one_fails_where_it_should(path):
    exercise = EXERCISES[path.parent.name]
    result = judge(exercise, submission.read(exercise, path))
    expected = {check.id for check in exercise.checks if check.catches == path.stem}
    failed = {check.id for check in result.checks if check.outcome == FAILED}
    assert expected <= failed, result.text()
    assert failed, result.text()
