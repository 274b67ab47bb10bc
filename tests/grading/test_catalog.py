"""The catalogue keeps its own rules: what a check needs has been taught, what it catches exists."""

import re
from pathlib import Path

import nbformat
import pytest

from reactorkit.claims import model
from reactorkit.course import lesson_at
from reactorkit.errors import KitError
from reactorkit.grading import catalog, submission

COURSE = Path(__file__).resolve().parent.parent.parent
SUBMISSIONS = COURSE / "tests" / "submissions"
EXERCISES = list(catalog.catalog().values())
GAPS = {gap.id: gap for gap in model.gaps()}

every_exercise = pytest.mark.parametrize("one", EXERCISES, ids=lambda one: one.id)


def kept(one, kind):
    return {path.stem for path in (SUBMISSIONS / one.id).glob(f"{kind}_*.py")}


@every_exercise
def test_each_has_enough_right_and_wrong_answers(one):
    assert len(kept(one, "right")) >= 3
    assert len(kept(one, "wrong")) >= 5


@every_exercise
def test_each_check_names_a_wrong_answer_that_is_kept_and_no_two_the_same(one):
    caught = [check.catches for check in one.checks]
    assert set(caught) <= kept(one, "wrong")
    assert len(set(caught)) == len(caught)


@every_exercise
def test_what_a_check_needs_is_core_by_then(one):
    claims = model.load()
    for check in one.checks:
        for needed in check.needs:
            taught = claims[needed] if needed in claims else GAPS[needed]
            assert taught.notebook <= one.notebook, f"{check.id} needs {needed}"
            if needed in claims:
                assert taught.tier == "core", f"{check.id} needs {needed}"


@every_exercise
def test_points_are_positive_and_the_first_check_needs_no_other(one):
    assert all(check.points > 0 for check in one.checks)
    assert one.checks[0].after == ()
    assert one.max == int(one.max), "whole points, all together"


@every_exercise
def test_hints_and_places_to_read_again_are_sentences(one):
    assert len(one.hints) >= 2
    assert all(len(text) > 20 for text in one.hints)
    assert all(check.read for check in one.checks)
    lesson_at(one.notebook)


@every_exercise
def test_what_is_to_be_read_again_is_a_heading_of_that_lesson(one):
    for check in one.checks:
        number, heading = re.fullmatch(r"lesson (\d\d), “(.+)”", check.read).groups()
        (lesson,) = (COURSE / "notebooks").glob(f"{number}_*.ipynb")
        cells = nbformat.read(lesson, as_version=4).cells
        lines = [line for cell in cells for line in cell.source.splitlines()]
        assert any(line.startswith("## ") and heading in line for line in lines), check.read


@every_exercise
def test_its_minutes_are_those_that_the_learner_reads(one):
    text = (COURSE / "exercises" / one.notebook_name).read_text(encoding="utf-8")
    assert re.findall(r"about (\d+) minutes", text) == [str(one.minutes)]


@every_exercise
def test_the_learner_s_copy_is_there_and_begins_with_the_magic(one):
    path = submission.EXERCISES / one.notebook_name
    assert submission.read(one, path).unchanged
    assert f"%%exercise {one.id}" in path.read_text()


def test_an_unknown_one_is_answered_with_the_nearest():
    with pytest.raises(KitError, match="Did you mean"):
        catalog.get("x6")
