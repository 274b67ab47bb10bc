"""gradebook.csv and results.json, and CSV that Canvas and Moodle take."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from reactorkit import __version__
from reactorkit.grading.classroom.marks import MISSING, OPEN, Mark, Row
from reactorkit.grading.classroom.rosters import Roster
from reactorkit.grading.classroom.store import replace
from reactorkit.grading.course import Course

# A spreadsheet takes a cell that begins so for a formula, and runs it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Identifier", "Full name", "Email address")


def safe(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return value


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return CSV whose cells are safe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([safe(cell) for cell in row] for row in (header, *rows))
    return out.getvalue()


def write(folder: Path, course: Course, rows: Sequence[Row], roster: Roster) -> None:
    """Write all of them."""
    replace(folder / "gradebook.csv", gradebook(course, rows))
    replace(folder / "results.json", json.dumps(results(course, rows), indent=2) + "\n")
    replace(folder / "canvas.csv", canvas(course, rows, roster))
    replace(folder / "moodle.csv", moodle(course, rows, roster))


def gradebook(course: Course, rows: Sequence[Row]) -> str:
    """Return a line for each learner: points by exercise, all points, and notes."""
    header = ["student", "name", "number", "email"]
    header += [f"{one} (of {course.worth(one):g})" for one in course.exercises]
    header += [f"total (of {course.max:g})", "notes"]
    lines = []
    for row in rows:
        who = row.person
        total = "" if row.open else round(row.points, 2)
        points = [_cell(mark) for mark in row.marks]
        notes = " ".join(row.notes)
        lines.append([who.key, who.name, who.number, who.email, *points, total, notes])
    return as_csv(header, lines)


def _cell(mark: Mark) -> float | str:
    """Return the points; nothing when nobody knows them yet."""
    return "" if mark.state == OPEN else mark.points


def results(course: Course, rows: Sequence[Row]) -> dict[str, Any]:
    """Return everything, stories included."""
    return {
        "version": __version__,
        "course": course.title,
        "max": course.max,
        "students": [_student(row) for row in rows],
    }


def _student(row: Row) -> dict[str, Any]:
    who = row.person
    return {
        "student": who.key,
        "name": who.name,
        "number": who.number,
        "email": who.email,
        "points": None if row.open else round(row.points, 2),
        "notes": list(row.notes),
        "exercises": {mark.exercise: _exercise(mark) for mark in row.marks},
    }


def _exercise(mark: Mark) -> dict[str, Any]:
    return {
        "state": mark.state,
        "points": None if mark.state == OPEN else mark.points,
        "max": mark.max,
        "late_factor": mark.factor,
        "result": dict(mark.result) or None,
    }


def canvas(course: Course, rows: Sequence[Row], roster: Roster) -> str:
    """Return what Canvas imports: its own columns as they were exported, and one a lab."""
    given = roster.columns if "Student" in roster.columns else CANVAS
    keep = [column for column in CANVAS if column in given]
    header = [*keep, *(lab.title for lab in course.labs)]
    worth = [sum(course.worth(one) for one in lab.exercises) for lab in course.labs]
    possible = ["    Points Possible", *[""] * (len(keep) - 1), *worth]
    lines = [possible]
    for row in rows:
        who = {"Student": row.person.name, "ID": row.person.number, **row.person.row}
        lines.append([*(who.get(column, "") for column in keep), *_by_lab(course, row)])
    return as_csv(header, lines)


def _by_lab(course: Course, row: Row) -> list[float | str]:
    found: list[float | str] = []
    for lab in course.labs:
        marks = [mark for mark in row.marks if mark.exercise in lab.exercises]
        known = all(mark.state != OPEN for mark in marks)
        found.append(round(sum(mark.points for mark in marks), 2) if known else "")
    return found


def moodle(course: Course, rows: Sequence[Row], roster: Roster) -> str:
    """Return a grading worksheet for Moodle: grade, and feedback in a sentence for each failure."""
    given = roster.columns if "Identifier" in roster.columns else MOODLE
    extra = [one for one in given if one in ("Status", "ID number", "Username")]
    header = [*MOODLE, *extra, "Grade", "Maximum grade", "Feedback comments"]
    lines = []
    for row in rows:
        who = row.person
        identifier = f"Participant {who.number}" if who.number else ""
        known = {"Identifier": identifier, "Full name": who.name, "Email address": who.email}
        known = {**known, **who.row}
        grade = "" if row.open else round(row.points, 2)
        cells = [known.get(column, "") for column in (*MOODLE, *extra)]
        lines.append([*cells, grade, round(course.max, 2), feedback(row)])
    return as_csv(header, lines)


def feedback(row: Row) -> str:
    """Return a few sentences for the learner."""
    told = []
    for mark in row.marks:
        if mark.state == MISSING:
            told.append(f"{mark.exercise}: nothing was handed in.")
        for one in mark.failures[:1]:
            told.append(f"{mark.exercise}: “{one['title']}” failed. {one['cause']}".strip())
    return " ".join(told)
