"""What is handed out: the package without its solutions, and notebooks as a learner meets them.

A notebook that somebody has run carries outputs, and the answer's cell of an exercise may carry an
answer. Neither may reach a class.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError
from reactorkit.grading import catalog, submission
from reactorkit.grading.catalog import Exercise

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "reactorkit"
NEVER = {"__pycache__", catalog.SOLUTIONS.name}  # folders within the package
KEPT_OUTPUT = "keep-output"  # the tag of a cell whose output belongs to the notebook
LINK = re.compile(r"\[([^\]]+)\]\(\.\./(?:[\w-]+/)+([\w-]+\.ipynb)\)")
Notebook = dict[str, Any]


def package(*left_out: str) -> Iterator[Path]:
    """Yield the package's files, without solutions, hidden files, and the folders named here."""
    folders = NEVER.union(left_out)
    for path in sorted(PACKAGE.rglob("*")):
        parts = path.relative_to(PACKAGE).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not hidden and not folders & set(parts):
            yield path


def notebook(path: Path) -> Notebook:
    """Return a notebook without what a run has left in it; KitError when it cannot be read."""
    try:
        found: Notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = found["cells"]
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise KitError(f"{path} is not a notebook.") from error
    for cell in cells:
        if cell["cell_type"] == "code" and KEPT_OUTPUT not in cell["metadata"].get("tags", []):
            cell["outputs"], cell["execution_count"] = [], None
    return found


def exercise(one: Exercise) -> Notebook:
    """Return the notebook of an exercise; KitError when it holds more than the starter."""
    path = submission.EXERCISES / one.notebook_name
    if not path.is_file():
        raise KitError(f"This copy of the kit has no notebook of {one.id} ({one.notebook_name}).")
    if not _is_starter(submission.starter(one)):
        raise KitError(
            f"The answer's cell of exercises/{one.notebook_name} holds an answer, and everybody "
            f"would get it. Put the starter back (git checkout exercises/{one.notebook_name}), "
            "then run me again."
        )
    return notebook(path)


def _is_starter(source: str) -> bool:
    """Return whether something is left to do: every starter raises NotImplementedError."""
    try:
        return any(submission.to_do(node) for node in ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return False


def unlinked(found: Notebook, there: Collection[str], instead: str = "{0}") -> Notebook:
    """Return the notebook with links only to the notebooks that are there.

    Arguments:
        there: file names of notebooks.
        instead: what stands for a link that leads nowhere; {0} is its text.
    """

    def kept(link: re.Match[str]) -> str:
        return link[0] if link[2] in there else instead.format(link[1])

    for cell in found["cells"]:
        before = text(cell)
        after = LINK.sub(kept, before) if cell["cell_type"] == "markdown" else before
        if after != before:
            cell["source"] = after
    return found


def text(cell: dict[str, Any]) -> str:
    """Return what a cell says; its file may have it line by line."""
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else str(source)


def stored(found: Notebook) -> str:
    """Return a notebook as it stands in its file."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
