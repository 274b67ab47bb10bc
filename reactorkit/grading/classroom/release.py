"""`python -m reactorkit release course.toml --out DIR`: a copy of the kit to hand out.

It has every lesson, the exercises of the course, and the course.toml that it was made with; no
solutions, no tests, no run-sheets. What it holds is chosen here and from disk, so nothing else that
lies in the instructor's folder gets in.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from reactorkit import course as lessons
from reactorkit.errors import KitError
from reactorkit.grading import catalog, submission
from reactorkit.grading import course as courses
from reactorkit.grading.classroom import handouts
from reactorkit.grading.course import Course

TOP = (
    "bootstrap.py",
    "Makefile",
    "pyproject.toml",
    "requirements.txt",
    "requirements-peers.txt",
    "LICENSE",
    "LICENSE-lessons",
    ".gitignore",
    "tools/set_up.py",
    "tools/installer.py",
    "tools/compile_installed.py",
    "tools/open_lab.py",
    "notebooks/GLOSSARY.md",
)
PEERS = "benchmarks/peers"  # what `bench` compares the servers with
NOT_HERE = "{0} (not part of this course)"
README = "README.md"
FROM_README = ("How a lesson works", "What runs where", "When something is wrong", "Credits")

ABOUT = """\
DIR gets what a learner needs: `make lab` opens the lessons, `check` judges an answer. It holds the
lessons, the exercises that the course selects, and the course.toml itself; no solutions, no tests
and no run-sheets.
"""


def release(argv: Sequence[str] | None = None) -> int:
    """Write the copy, and say what is in it."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit release",
        description="Make a copy of the kit for the learners of a course.",
        epilog=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("course", type=Path, metavar="course.toml", help="which exercises")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    given = parser.parse_args(argv)
    course = courses.load(given.course)
    write(given.out, contents(course, given.course))
    for title in course.empty:
        print(f"The lab {title!r} has no exercise in this copy of the kit.")
    print(f"Written to {given.out}: {', '.join(course.exercises)}, without solutions.")
    return 0


def contents(course: Course, path: Path) -> dict[Path, Path | str]:
    """Return every file of the copy: its place there, and the file that it is or what it says.

    Arguments:
        course: what the copy is for. path: the course.toml that says so.

    Raises KitError when a file is missing here, or an exercise holds an answer.
    """
    files: dict[Path, Path | str] = {Path(name): _here(name) for name in TOP}
    paths = [*handouts.package("runsheets"), *sorted((handouts.ROOT / PEERS).glob("*.*"))]
    files |= {one.relative_to(handouts.ROOT): one for one in paths}
    files |= dict(_notebooks(course))
    files[Path(courses.FILE_NAME)] = path
    files[Path(README)] = readme(course)
    return files


def _here(name: str) -> Path:
    path = handouts.ROOT / name
    if not path.is_file():
        raise KitError(f"There is no {path}: a copy is made from the whole kit, as it was cloned.")
    return path


def _notebooks(course: Course) -> Iterator[tuple[Path, str]]:
    """Yield lessons and exercises as they are handed out, linked to nothing that is not."""
    paths = sorted(lessons.NOTEBOOKS.glob("*.ipynb"))
    exercises = [catalog.get(one) for one in course.exercises]
    there = {*(path.name for path in paths), *(one.notebook_name for one in exercises)}
    for path in paths:
        lesson = handouts.unlinked(handouts.notebook(path), there, NOT_HERE)
        yield Path(lessons.NOTEBOOKS.name, path.name), handouts.stored(lesson)
    for one in exercises:
        handout = handouts.unlinked(handouts.exercise(one), there, NOT_HERE)
        yield Path(submission.EXERCISES.name, one.notebook_name), handouts.stored(handout)


def readme(course: Course) -> str:
    """Return the copy's README: the course's own words, and sections of ours."""
    environment = Environment(
        loader=PackageLoader("reactorkit.grading.classroom", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown for people, not HTML
    )
    ours = _here(README).read_text(encoding="utf-8")
    return environment.get_template("learner_readme.md").render(
        course=course,
        catalog=catalog.catalog(),
        lessons=[one for one in lessons.LESSONS if one.exists],
        section=lambda title: section(ours, title),
        sections=FROM_README,
    )


def section(text: str, title: str) -> str:
    """Return a section of a Markdown text with its heading, whatever level that is."""
    found = re.search(rf"^(#+) {re.escape(title)}\n.*?(?=^#{{1,3}} |\Z)", text, re.M | re.S)
    if found is None:
        raise KitError(f"{README} has no section {title!r}: a copy is made from the whole kit.")
    return "## " + found[0].lstrip("# ").rstrip()


def write(folder: Path, files: dict[Path, Path | str]) -> None:
    """Write a copy as a whole: what goes wrong takes it away again.

    Raises KitError when the folder holds something already, or cannot be written.
    """
    try:
        _empty(folder)
        try:
            for name, content in files.items():
                _put(folder / name, content)
        except BaseException:
            _clear(folder)
            raise
    except OSError as error:
        raise KitError(f"{folder} cannot be written: {error.strerror}.") from error


def _empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise KitError(f"{folder} is a file. Name a folder that is new, or empty.")
    if folder.is_dir() and any(folder.iterdir()):
        raise KitError(f"{folder} is not empty, and nothing is written over. Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)


def _put(path: Path, content: Path | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        shutil.copy(content, path)
    else:
        path.write_text(content, encoding="utf-8")


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
