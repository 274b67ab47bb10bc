"""A submission: the text of a file, from a .py file or from the tagged cell of a notebook."""

from __future__ import annotations

import ast
import datetime
import json
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from reactorkit.errors import KitError
from reactorkit.grading.catalog import Exercise

TAG = "exercise:"  # a cell with the tag exercise:x06 holds the answer to x06
LARGEST = 2_000_000  # bytes
EXERCISES = Path(__file__).resolve().parents[2] / "exercises"


@dataclass(frozen=True)
class Submission:
    """What is judged.

    Arguments:
        source: the text. origin: where it is from, in words. path: the file that was read.
        unchanged: it is the starter as it was handed out.
    """

    source: str
    origin: str
    path: Path
    unchanged: bool = False


def read(exercise: Exercise, path: Path, name: str = "") -> Submission:
    """Read a submission; KitError says what is wrong with the file.

    `name` is what the report calls the file; its path, if left out.
    A cell's first line may be the `%%exercise` magic that writes it to a file; it is left out.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from error
    source = text(exercise, path, data)
    written = datetime.datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    origin = f"{name or path}, written {written:%Y-%m-%d %H:%M:%S}"
    if path.suffix.lower() == ".ipynb":
        origin = f"the answer's cell in {origin}"
    return Submission(source, origin, path, _same(source, starter(exercise)))


def text(exercise: Exercise, path: PurePath, data: bytes) -> str:
    """Return the program in a file of this name and content; KitError says what is wrong."""
    if len(data) > LARGEST:
        raise KitError(f"{path} has {len(data):,} bytes; an answer has a few thousand.")
    try:
        told = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KitError(f"{path} is not text in UTF-8.") from error
    return _cell(exercise, told, path) if path.suffix.lower() == ".ipynb" else told


def starter(exercise: Exercise) -> str:
    """Return what the learner begins with; empty where the exercise's notebook is not there."""
    path = EXERCISES / exercise.notebook_name
    return _cell(exercise, path.read_text(), path) if path.is_file() else ""


def _cell(exercise: Exercise, text: str, path: PurePath) -> str:
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KitError(f"{path} is not a notebook.") from error
    tagged = [cell for cell in cells if is_answer(cell, exercise.id)]
    if not tagged:
        raise KitError(f"{path} has no cell with the tag {TAG}{exercise.id}.")
    if len(tagged) > 1:
        raise KitError(f"{path} has {len(tagged)} cells with the tag {TAG}{exercise.id}; keep one.")
    source = tagged[0].get("source", "")
    text = "".join(source) if isinstance(source, list) else str(source)
    return "\n".join(line for line in text.splitlines() if not line.startswith("%%")) + "\n"


def is_answer(cell: Any, exercise_id: str) -> bool:
    """Return whether a notebook's cell holds the answer to an exercise: its tag says so."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return False
    return f"{TAG}{exercise_id}" in cell.get("metadata", {}).get("tags", [])


def _same(text: str, other: str) -> bool:
    """Return whether two files are the same program.

    Comments and blank lines do not count, nor does what a place that is still to do says of itself:
    nbgrader writes a NotImplementedError of its own there.
    """
    try:
        return bool(other) and _shape(text) == _shape(other)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _shape(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if call := to_do(node):
            call.args = []
    return ast.dump(tree)


def to_do(node: ast.AST) -> ast.Call | None:
    """Return the NotImplementedError(...) of a place that a learner fills in; None elsewhere."""
    call = node.exc if isinstance(node, ast.Raise) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
        return call if call.func.id == NotImplementedError.__name__ else None
    return None


def syntax_error(submission: Submission) -> str:
    """Return a sentence when the file is not Python; empty otherwise."""
    try:
        ast.parse(submission.source)
    except SyntaxError as error:
        line = (error.text or "").rstrip()
        return f"line {error.lineno} is not Python: {error.msg}. It reads: {line.strip()!r}"
    except ValueError as error:
        return f"the file is not Python: {error}."
    except (RecursionError, MemoryError):
        return "the file is nested too deeply for Python to read it."
    return ""
