"""How far a learner is, and the zip to hand in: progress() and `python -m reactorkit submit`."""

from __future__ import annotations

import argparse
import datetime
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reactorkit import __version__
from reactorkit.errors import KitError
from reactorkit.grading import attempts, catalog, course, submission
from reactorkit.grading.attempts import Tries
from reactorkit.grading.course import Course
from reactorkit.lab import workspace
from reactorkit.view import cards

ABOUT = "reactorkit.json"  # in the zip: which kit it is from, and when it was made


@dataclass(frozen=True)
class Line:
    """One exercise of the course, and how far the learner is."""

    exercise: str
    title: str
    tries: Tries
    due: datetime.datetime | None

    @property
    def state(self) -> str:
        """Where it stands, in words."""
        if self.tries.passed:
            return "passed"
        if self.tries.attempts:
            times = "once" if self.tries.attempts == 1 else f"{self.tries.attempts} times"
            return f"tried {times}"
        return "not tried yet"

    @property
    def points(self) -> str:
        """The best points so far, of how many."""
        return f"{self.tries.best:g} of {catalog.get(self.exercise).max:g}"

    @property
    def until(self) -> str:
        """When it is due, in the reader's own time."""
        return "" if self.due is None else f"due {self.due.astimezone():%a %d %b %Y %H:%M}"


class Progress:
    """What `progress()` returns: shows itself as a table."""

    def __init__(self, plan: Course, tries: dict[str, Tries]) -> None:
        self.title = plan.title
        self.lines = [
            Line(one, catalog.get(one).title, tries.get(one, Tries()), plan.lab(one).due)
            for one in plan.exercises
        ]

    def __repr__(self) -> str:
        rows = [
            f"{one.exercise:<5} {one.title:<44} {one.points:>9}  {one.state:<15} {one.until}"
            for one in self.lines
        ]
        return "\n".join([self._summary, *(row.rstrip() for row in rows), self._next])

    @property
    def _summary(self) -> str:
        passed = sum(one.tries.passed for one in self.lines)
        return f"{self.title}: {passed} of {len(self.lines)} passed"

    @property
    def _next(self) -> str:
        """What to do now, in one sentence."""
        left = (one for one in self.lines if not one.tries.passed)
        if (one := next(left, None)) is None:
            return "You have passed them all."
        name = f"{one.exercise} {one.title}, in exercises/{catalog.get(one.exercise).notebook_name}"
        return f"Next: {name}."

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col" style="text-align: left;">{word}</th>'
            for word in ("", "Exercise", "Best", "State", "")
        )
        rows = "".join(_row(one) for one in self.lines)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        return cards.card(cards.heading(self._summary), table, cards.paragraph(self._next))


def _row(line: Line) -> str:
    cells = (line.exercise, line.title, line.points, line.state, line.until)
    told = "".join(f'<td style="text-align: left;">{cards.escape(one)}</td>' for one in cells)
    return f"<tr>{told}</tr>"


def progress() -> Progress:
    """Return how far you are with the exercises of your course."""
    return Progress(course.current(), attempts.tries())


def progress_main(argv: Sequence[str] | None = None) -> int:
    """Print the same in a terminal."""
    argparse.ArgumentParser(
        prog="python -m reactorkit progress",
        description="How far you are with the exercises: points, attempts, and when they are due.",
    ).parse_args(argv)
    print(progress())
    return 0


def submit(name: str, to: Path | None = None) -> tuple[Path, list[str]]:
    """Write the zip to hand in, and return its path and a line for each exercise.

    Arguments:
        name: yours; the zip is called after it.
        to: where to write it; work/NAME.zip if left out.

    Raises KitError when there is nothing to hand in.
    """
    plain = "-".join("".join(c if c.isalnum() else " " for c in name).split())
    if not plain:
        raise KitError("Say whose it is: python -m reactorkit submit --name 'Ada Lovelace'")
    found = list(_answers(course.current()))
    if not any(path for path, _ in found):
        raise KitError(
            f"There is nothing to hand in: {workspace.work()} has no answer yet. Run the cell that "
            "begins with %%exercise."
        )
    path = to or workspace.work() / f"{plain}.zip"
    new = path.with_name(f".{path.name}.new")
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for answer, _ in found:
            if answer is not None:
                archive.write(answer, answer.name)
        made = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        about = {"name": name, "made": made, "version": __version__}
        archive.writestr(ABOUT, json.dumps(about, indent=2))
    new.replace(path)
    return path, [line for _, line in found]


def _answers(plan: Course) -> Iterator[tuple[Path | None, str]]:
    """Yield the file of each exercise that has one, and a sentence about it."""
    known = attempts.tries()
    for one in plan.exercises:
        exercise = catalog.get(one)
        path = workspace.work() / exercise.file_name
        if not path.is_file():
            yield None, f"{one}: nothing yet."
            continue
        given = submission.read(exercise, path)
        if given.unchanged:
            yield None, f"{one}: still the starter, so it is left out."
            continue
        digest = attempts.digest(given.source)
        judged = known.get(one, Tries())
        checked = "checked" if judged.last == digest else "not checked as it is now"
        yield path, f"{one}: {path.name}, {checked}; best so far {judged.best:g}/{exercise.max:g}."


def submit_main(argv: Sequence[str] | None = None) -> int:
    """Write the zip, and say what is in it."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit submit",
        description="Put your answers into one zip to hand in.",
    )
    parser.add_argument("--name", required=True, help="yours, as the course knows you")
    parser.add_argument("--out", type=Path, help="where to write it (default: work/NAME.zip)")
    given = parser.parse_args(argv)
    path, lines = submit(given.name, given.out)
    print("\n".join(lines))
    print(f"Written to {path}: that is the file to hand in.")
    return 0
