"""HTML: a report for each learner with the stories, and one page about the class."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from reactorkit import __version__
from reactorkit.grading.classroom.marks import JUDGED, Mark, Row
from reactorkit.grading.classroom.store import replace
from reactorkit.grading.course import Course
from reactorkit.grading.results import PASSED, SIGNS

MOST_FAILURES = 12


@dataclass(frozen=True)
class Failure:
    """A check that learners failed: how many of how many, and the cause that was told most."""

    exercise: str
    title: str
    count: int
    of: int
    cause: str
    hint: str


def write(folder: Path, course: Course, rows: Sequence[Row]) -> None:
    """Write every report and the summary; reports of who is gone are removed."""
    reports = folder / "reports"
    reports.mkdir(exist_ok=True)
    environment = _environment()
    student = environment.get_template("student.html")
    written = set()
    for row in rows:
        name = report_name(row.person.key)
        written.add(name)
        html = student.render(course=course, row=row, signs=SIGNS, version=__version__)
        replace(reports / name, html)
    for path in reports.glob("*.html"):
        if path.name not in written:
            path.unlink()
    replace(folder / "summary.html", _summary(environment, course, rows))


def report_name(key: str) -> str:
    """Return a learner's file: a name that is safe everywhere and nobody else's."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-")[:40] or "learner"
    return f"{plain}-{hashlib.sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}.html"


def _environment() -> Environment:
    loader = PackageLoader("reactorkit.grading.classroom")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    environment.filters["points"] = lambda number: f"{round(number, 2):g}"
    environment.filters["report_name"] = report_name
    return environment


def _summary(environment: Environment, course: Course, rows: Sequence[Row]) -> str:
    picture, alt = _picture(course, rows)
    return environment.get_template("summary.html").render(
        course=course,
        rows=rows,
        open=sum(row.open for row in rows),
        failures=failures(rows)[:MOST_FAILURES],
        picture=picture,
        alt=alt,
        version=__version__,
    )


def failures(rows: Sequence[Row]) -> list[Failure]:
    """Return the checks that somebody failed, the most frequent ones first."""
    marks = [mark for row in rows for mark in row.marks if mark.state == JUDGED]
    judged = Counter(mark.exercise for mark in marks)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for mark in marks:
        for one in mark.failures:
            told = found.setdefault((mark.exercise, one["title"]), [])
            told.append((one["cause"], one["hint"]))
    listed = [
        Failure(exercise, title, len(told), judged[exercise], *Counter(told).most_common(1)[0][0])
        for (exercise, title), told in found.items()
    ]
    return sorted(listed, key=lambda one: (-one.count, one.exercise, one.title))


def _picture(course: Course, rows: Sequence[Row]) -> tuple[str, str]:
    """Return a picture of how many passed each check, as a data URI, and the same in words."""
    shares = list(_shares(course, rows))
    if not shares:
        return "", ""
    figure = Figure(figsize=(8, 1 + 0.3 * len(shares)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([name for name, _ in shares], [share for _, share in shares], color="#0072b2")
    axes.bar_label(bars, fmt="%.0f %%", padding=3)
    axes.margins(y=0.02)
    axes.invert_yaxis()
    axes.set_xlim(0, 112)  # room for what is written beside a full bar
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("% of those who handed it in")
    axes.set_title("Who passed which check", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110)
    uri = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    return uri, "Passed: " + ", ".join(f"{name} {share:.0f} %" for name, share in shares)


def _shares(course: Course, rows: Sequence[Row]) -> Iterator[tuple[str, float]]:
    """Yield each check's name, and which part of those who were judged has passed it."""
    for exercise in course.exercises:
        marks: list[Mark] = [
            mark
            for row in rows
            for mark in row.marks
            if mark.exercise == exercise and mark.state == JUDGED
        ]
        for place, check in enumerate(marks[0].result["checks"] if marks else ()):
            outcomes = [mark.result["checks"][place]["outcome"] for mark in marks]
            share = 100 * sum(one == PASSED for one in outcomes) / len(outcomes)
            yield f"{exercise}  {check['title']}", share
