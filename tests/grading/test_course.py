"""A course.toml: what it may say, what it means, and what it is told when it is wrong."""

import datetime
from pathlib import Path

import pytest

from reactorkit.errors import KitError
from reactorkit.grading import catalog, course

COURSES = Path(__file__).resolve().parent.parent.parent / "courses"
LAB = '[[labs]]\nexercises = ["x02"]\n'


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "course.toml"
        path.write_text(text)
        return course.load(path)

    return load


@pytest.mark.parametrize("path", sorted(COURSES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_courses_that_ship_can_be_given(path):
    plan = course.load(path)
    assert plan.exercises
    assert plan.max == pytest.approx(sum(lab.weight for lab in plan.labs))


def test_there_are_courses_that_ship():
    assert {path.stem for path in COURSES.glob("*.toml")} >= {"one-lecture", "three-labs"}


def test_without_one_everything_counts_as_it_is():
    plan = course.whole()
    assert plan.exercises == tuple(catalog.catalog())
    assert plan.max == sum(one.max for one in catalog.catalog().values())


def test_a_lab_takes_lessons_and_has_a_weight_of_its_own(load):
    plan = load("[[labs]]\nlessons = [2]\nweight = 100\n")
    assert "x02" in plan.exercises
    assert plan.max == pytest.approx(100)


def test_a_lesson_without_an_exercise_is_told(load):
    assert load(LAB + '[[labs]]\ntitle = "Later"\nlessons = [99]\n').empty == ("Later",)


def test_a_day_ends_at_its_midnight(load):
    due = load(LAB + "due = 2027-01-15\n").lab("x02").due
    assert (due.hour, due.minute, due.tzinfo is not None) == (23, 59, True)


@pytest.mark.parametrize(
    ("hours", "left"), [(-1, 1), (0.1, 1), (0.3, 0.9), (25, 0.8), (48.2, 0.8), (73, 0)]
)
def test_what_being_late_costs(hours, left):
    rule = course.Late(grace_minutes=15, per_day=0.1, days=3)
    assert rule.factor(datetime.timedelta(hours=hours)) == pytest.approx(left)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title =", "is not TOML"),
        ("", "there is no lab"),
        ("titel = 'x'\n" + LAB, "Did you mean title"),
        ("late = 3\n" + LAB, "late has to be a dict"),
        ("[late]\nper_day = -1\n" + LAB, "number from 0 up"),
        ('[[labs]]\nexercises = ["x2"]\n', "There is no exercise 'x2'"),
        ("[[labs]]\ntitle = 'A'\n", "names neither lessons nor exercises"),
        (LAB + LAB, "must not be in two labs"),
        (LAB + 'due = "soon"\n', "is no date"),
        ("labs = [1]\n", "has to be a table"),
    ],
)
def test_what_is_wrong_is_a_sentence(load, text, sentence):
    with pytest.raises(KitError, match=sentence):
        load(text)
