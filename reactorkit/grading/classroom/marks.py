"""From judgements to marks: points as the course weighs them, less what being late costs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reactorkit.grading import catalog
from reactorkit.grading.classroom.collect import Answer, Learner
from reactorkit.grading.classroom.rosters import Person
from reactorkit.grading.course import Course
from reactorkit.grading.results import ERROR, FAILED, UNATTEMPTED

MISSING, OPEN, JUDGED = "missing", "open", "judged"
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Mark:
    """One learner's mark for one exercise.

    Arguments:
        state: MISSING: nothing was handed in. OPEN: it could not be judged, and somebody has to
            look. JUDGED: points counts.
        points, max: in the course's weights. factor: which part of the points being late has left.
        result: as `check --json` has it. note: a sentence, or nothing.
    """

    exercise: str
    state: str
    points: float
    max: float
    factor: float = 1.0
    result: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def title(self) -> str:
        """The exercise's title."""
        return catalog.get(self.exercise).title

    @property
    def failures(self) -> Sequence[Mapping[str, Any]]:
        """The checks that failed, through the learner's fault or ours."""
        return [one for one in self.result.get("checks", ()) if one["outcome"] in (FAILED, ERROR)]


@dataclass(frozen=True)
class Row:
    """One learner: who, the marks in the course's order, and what there is to say."""

    person: Person
    marks: Sequence[Mark]
    notes: Sequence[str]

    @property
    def points(self) -> float:
        """All points together."""
        return sum(mark.points for mark in self.marks)

    @property
    def open(self) -> bool:
        """Whether somebody has to look before this counts."""
        return any(mark.state == OPEN for mark in self.marks)


def row(
    course: Course, person: Person, learner: Learner | None, judged: Mapping[str, Record]
) -> Row:
    """Return a learner's row. `judged`: the record of each exercise that was handed in."""
    answers = learner.answers if learner else {}
    marks = [_mark(course, one, answers.get(one), judged.get(one)) for one in course.exercises]
    notes = [*(learner.notes if learner else ["Nothing was handed in."])]
    notes += [f"{mark.exercise}: {mark.note}" for mark in marks if mark.note]
    notes += [f"{mark.exercise}: {note}" for mark in marks for note in _told(mark)]
    return Row(person, marks, notes)


def _mark(course: Course, exercise: str, answer: Answer | None, record: Record | None) -> Mark:
    most = course.worth(exercise)
    if answer is None:
        return Mark(exercise, MISSING, 0.0, most)
    if record is None or record["result"] is None:
        why = record.get("problem", "") if record else ""
        return Mark(exercise, OPEN, 0.0, most, note=f"could not be judged; please look. {why}")
    result = record["result"]
    factor, note = _late(course, answer)
    points = result["score"] * course.lab(exercise).scale * factor
    return Mark(exercise, JUDGED, round(points, 2), most, factor, result, note)


def _late(course: Course, answer: Answer) -> tuple[float, str]:
    due = course.lab(answer.exercise).due
    if due is None:
        return 1.0, ""
    late = answer.written - due if answer.written else datetime.timedelta()
    if answer.late and late <= datetime.timedelta():
        note = "the LMS calls it late, its own time does not: nothing was taken off; please look."
        return 1.0, note
    if late <= datetime.timedelta():
        return 1.0, ""
    factor = course.late.factor(late)
    return factor, f"late by {_duration(late)}; {factor:.0%} of the points count."


def _duration(time: datetime.timedelta) -> str:
    hours = time.total_seconds() / 3600
    if hours < 48:
        return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
    return f"{hours / 24:.1f} days"


def _told(mark: Mark) -> Iterator[str]:
    outcomes = [one["outcome"] for one in mark.result.get("checks", ())]
    if outcomes and all(one == UNATTEMPTED for one in outcomes):
        yield "the starter as it was handed out."
    if ERROR in outcomes:
        yield "a check had a fault of its own, which costs no points."
    yield from mark.result.get("notes", ())
