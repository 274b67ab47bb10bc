"""nbgrader: source notebooks of a course, whose test cells show the points of our own checks.

    python -m reactorkit export nbgrader --out DIR --course course.toml

A lab becomes an assignment: DIR/source/LAB/x02_thread_echo.ipynb. nbgrader itself is not needed for
this. What it makes of a test cell is told in grading/points.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError
from reactorkit.grading import catalog, submission
from reactorkit.grading.catalog import Exercise
from reactorkit.grading.classroom import handouts
from reactorkit.grading.classroom.handouts import Notebook
from reactorkit.grading.course import Course

SETTINGS = "nbgrader_config.py"
SETTINGS_TEXT = """\
c = get_config()
# Seconds for a cell. nbgrader's own limit, 30, would end a check of a server that never answers,
# and an answer that is half right would get no points.
c.Execute.timeout = {seconds}
# A test cell that a learner has removed comes back when it is graded.
c.OverwriteCells.add_missing_cells = True
"""
SCHEMA = 3  # of the metadata (nbgrader/nbgraderformat/v3.py)
READ_ONLY = {"grade": False, "locked": True, "solution": False}
ANSWER = {"grade": False, "locked": False, "solution": True}
TEST = {"grade": True, "locked": True, "solution": False}
TEST_CELL = """\
from reactorkit.grading.points import points

points("{exercise}", of={of:g})"""


def export(out: Path, course: Course, *, force: bool) -> list[str]:
    """Write the source notebooks and the settings, and return what to tell.

    Arguments:
        out: nbgrader's course folder, made if it is missing.
        force: write over notebooks that differ from what would be written.

    Raises KitError when a notebook holds an answer, or stands there already and differs.
    """
    names = assignments(course)
    files = {
        Path("source", name, one.notebook_name): handouts.stored(source(one, course))
        for name, exercises in names.items()
        for one in exercises
    }
    differ = [str(name) for name, text in files.items() if _differs(out / name, text)]
    if differ and not force:
        raise KitError(
            f"In {out} there are other notebooks of these names: {', '.join(differ)}. Add --force "
            "to write over them."
        )
    for name, text in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")
    told = [
        f"Written to {out / 'source' / name}: {', '.join(one.id for one in exercises)}."
        for name, exercises in names.items()
    ]
    return [*told, *_settings(out, course), "Next, in that folder: nbgrader generate_assignment"]


def assignments(course: Course) -> dict[str, list[Exercise]]:
    """Return the exercises of each lab by the name that it has as a folder."""
    found: dict[str, list[Exercise]] = {}
    for number, lab in enumerate(course.labs, 1):
        plain = "-".join(re.findall(r"[a-z0-9]+", lab.title.lower())) or f"lab-{number}"
        name = f"{plain}-{number}" if plain in found else plain
        found[name] = [catalog.get(one) for one in lab.exercises]
    return found


def source(one: Exercise, course: Course) -> Notebook:
    """Return an exercise as a source notebook: answer, test cell, and the set-up read-only."""
    found = handouts.unlinked(handouts.exercise(one), there=())
    set_up = next(cell for cell in found["cells"] if cell["cell_type"] == "code")
    answer = next(cell for cell in found["cells"] if submission.is_answer(cell, one.id))
    test = next(cell for cell in found["cells"] if handouts.text(cell) == f'check("{one.id}")')
    of = round(course.worth(one.id), 2)
    answer["source"] = _with_regions(handouts.text(answer))
    test["source"] = TEST_CELL.format(exercise=one.id, of=of)
    _mark(set_up, one, READ_ONLY)
    _mark(answer, one, ANSWER)
    _mark(test, one, {**TEST, "points": of})
    return found


def _mark(cell: dict[str, Any], one: Exercise, role: dict[str, Any]) -> None:
    name = f"{one.id}-{cell['id']}"
    about = {**role, "grade_id": name, "schema_version": SCHEMA, "task": False}
    cell["metadata"] = {**cell["metadata"], "nbgrader": about}


def _with_regions(text: str) -> str:
    """Return the starter with each place that is to do as a region of the solution.

    generate_assignment puts words of its own there. Without a region it would do so with the whole
    cell (nbgrader/preprocessors/clearsolutions.py).
    """
    to_do = re.compile(r"^( *)(raise NotImplementedError\(.*)$", re.MULTILINE)
    return to_do.sub(r"\1### BEGIN SOLUTION\n\1\2\n\1### END SOLUTION", text)


def _differs(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") != text


def _settings(out: Path, course: Course) -> Iterator[str]:
    """Write the settings, or tell them where there are others already."""
    checks = (catalog.get(one).checks for one in course.exercises)
    longest = max(sum(check.seconds for check in of_one) for of_one in checks)
    text = SETTINGS_TEXT.format(seconds=math.ceil(longest) + 60)
    path = out / SETTINGS
    if not path.is_file():
        path.write_text(text, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != text:
        yield f"{path} is yours and stays as it is. Exercises need these lines in it:\n{text}"
