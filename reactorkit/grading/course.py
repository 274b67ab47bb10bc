"""A course: which exercises count, for how much, until when. Read from course.toml.

title = "The Reactor pattern in three labs"
give_up = false                 # may a learner see a solution without a pass?

[late]                          # left out: late is as good as early
grace_minutes = 15
per_day = 0.1                   # this part of the points is lost for each day begun
days = 5                        # after so many days nothing counts

[[labs]]
title = "Threads"
lessons = [1, 2, 3, 4]          # all exercises of these lessons, or
exercises = ["x02"]             # these
weight = 30                     # points for the lab; those of its checks, if left out
due = 2027-01-15T23:59:00+01:00 # left out: at any time
"""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from reactorkit.errors import KitError, nearest
from reactorkit.grading import catalog
from reactorkit.lab import workspace

T = TypeVar("T")
FILE_NAME = "course.toml"
KEYS = {
    "": {"title", "give_up", "late", "labs"},
    "late": {"grace_minutes", "per_day", "days"},
    "labs": {"title", "lessons", "exercises", "weight", "due"},
}


@dataclass(frozen=True)
class Late:
    """What being late costs."""

    grace_minutes: float = 0.0
    per_day: float = 0.0
    days: float = math.inf

    def factor(self, late: datetime.timedelta) -> float:
        """Return which part of the points is left, so long after the due date."""
        late -= datetime.timedelta(minutes=self.grace_minutes)
        begun = math.ceil(late / datetime.timedelta(days=1))
        if begun <= 0:
            return 1.0
        return max(0.0, 1.0 - begun * self.per_day) if begun <= self.days else 0.0


@dataclass(frozen=True)
class Lab:
    """Exercises that are due together. `weight`: their points together, None as the checks say."""

    title: str
    exercises: tuple[str, ...]
    weight: float | None = None
    due: datetime.datetime | None = None

    @property
    def scale(self) -> float:
        """What one point of a check is worth in this course."""
        there_are = sum(catalog.get(one).max for one in self.exercises)
        return 1.0 if self.weight is None else self.weight / there_are


@dataclass(frozen=True)
class Course:
    """What counts. `empty`: labs by lessons that have no exercise (yet); they count nothing."""

    title: str = "All exercises"
    labs: tuple[Lab, ...] = ()
    late: Late = field(default_factory=Late)
    give_up: bool = True
    empty: tuple[str, ...] = ()

    @property
    def exercises(self) -> tuple[str, ...]:
        """Every exercise that counts, in the order of the labs."""
        return tuple(one for lab in self.labs for one in lab.exercises)

    @property
    def max(self) -> float:
        """The points that there are."""
        return sum(self.worth(one) for one in self.exercises)

    def lab(self, exercise: str) -> Lab:
        """Return the lab that an exercise belongs to."""
        return next(lab for lab in self.labs if exercise in lab.exercises)

    def worth(self, exercise: str) -> float:
        """Return the most points that an exercise brings."""
        return catalog.get(exercise).max * self.lab(exercise).scale


def whole() -> Course:
    """Return the course that takes every exercise as it is."""
    return Course(labs=(Lab("All exercises", tuple(catalog.catalog())),))


def current() -> Course:
    """Return the course of the learner's own folder, if it has a course.toml; else the whole."""
    path = workspace.root() / FILE_NAME
    return load(path) if path.is_file() else whole()


def load(path: Path) -> Course:
    """Read a course.toml; KitError says what is wrong with it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KitError(f"{path} is not TOML: {error}") from error
    try:
        return _course(table)
    except KitError as error:
        raise KitError(f"{path}: {error}") from error


def _course(table: Mapping[str, Any]) -> Course:
    _known_keys(table, "")
    labs = tuple(_lab(one) for one in _typed(table, "labs", list, []))
    late = _typed(table, "late", dict, {})
    _known_keys(late, "late")
    course = Course(
        title=_typed(table, "title", str, "Course"),
        labs=tuple(lab for lab in labs if lab.exercises),
        empty=tuple(lab.title for lab in labs if not lab.exercises),
        late=Late(**{key: _number(late, key) for key in late}),
        give_up=_typed(table, "give_up", bool, True),
    )
    twice = {one for one in course.exercises if course.exercises.count(one) > 1}
    if twice:
        raise KitError(f"{', '.join(sorted(twice))} must not be in two labs.")
    if not course.exercises:
        raise KitError("there is no lab with an exercise: add [[labs]].")
    return course


def _lab(table: Mapping[str, Any]) -> Lab:
    _known_keys(table, "labs")
    chosen = [*_typed(table, "exercises", list, [])]
    for one in chosen:
        catalog.get(str(one))  # KitError with the nearest name
    lessons = _typed(table, "lessons", list, [])
    of_lessons = [key for key, one in catalog.catalog().items() if one.notebook in lessons]
    exercises = tuple(dict.fromkeys([*chosen, *of_lessons]))
    title = _typed(table, "title", str, ", ".join(exercises))
    if not exercises and not lessons:
        raise KitError(f"the lab {title!r} names neither lessons nor exercises.")
    weight = _number(table, "weight") if "weight" in table else None
    return Lab(title, exercises, weight, _due(table.get("due")))


def _due(value: Any) -> datetime.datetime | None:
    """Return a moment: a day ends at its midnight, and a time without a zone is local."""
    if isinstance(value, datetime.datetime):
        return value.astimezone()
    if isinstance(value, datetime.date):
        end = datetime.time(23, 59, 59)
        return datetime.datetime.combine(value, end).astimezone()
    if value is None:
        return None
    raise KitError(f"due = {value!r} is no date; write due = 2027-01-15T23:59:00+01:00.")


def _known_keys(table: Any, where: str) -> None:
    if not isinstance(table, dict):
        raise KitError(f"{where} has to be a table.")
    for key in table:
        if key not in KEYS[where]:
            allowed: Sequence[str] = sorted(KEYS[where])
            hint = nearest(key, allowed) or f" There are: {', '.join(allowed)}."
            raise KitError(f"there is no setting {key!r}.{hint}")


def _typed(table: Mapping[str, Any], key: str, kind: type[T], default: T) -> T:
    value = table.get(key, default)
    if not isinstance(value, kind):
        raise KitError(f"{key} has to be a {kind.__name__}, not {value!r}.")
    return value


def _number(table: Mapping[str, Any], key: str) -> float:
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise KitError(f"{key} has to be a number from 0 up, not {value!r}.")
    return float(value)
