"""Put the stored notebooks in order: `make tidy`.

A notebook is stored without outputs, without counts and without anything of the machine it
was written on, so that a reader meets a question before its answer and a difference shows
what somebody wrote. Only a cell with the tag `keep-output` keeps its output: text that is the
same on every run. Such cells are run here, at quick size, and nbval compares them in the tests.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"

KEEP = "keep-output"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What a cell may say about itself: its tags, and whether a heading starts folded.
CELL_METADATA = ("tags", "jp-MarkdownHeadingCollapsed")
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Ids that Jupyter makes up: eight hexadecimal digits, or a UUID.
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}")
LONGEST_ID = 40


def is_kept(cell: Any) -> bool:
    """Whether a cell's output is stored."""
    return KEEP in cell.metadata.get("tags", [])


def is_readable(identity: str) -> bool:
    """Whether a cell's id is a name that somebody chose."""
    fits = SLUG.fullmatch(identity) and len(identity) <= LONGEST_ID
    return bool(fits) and not RANDOM_ID.fullmatch(identity)


def slug(text: str) -> str:
    """Return the first words of a text as an id."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    joined = "-".join(words[:5])[:LONGEST_ID].strip("-")
    return joined if SLUG.fullmatch(joined) else f"cell-{joined}".strip("-")


def name_cells(cells: Iterable[Any]) -> None:
    """Give each cell an id of its own that says what it is."""
    taken: set[str] = set()
    for cell in cells:
        wanted = cell.get("id", "")
        if not is_readable(wanted) or wanted in taken:
            wanted = slug(cell.source)
        identity, number = wanted, 2
        while identity in taken:
            identity, number = f"{wanted[: LONGEST_ID - 3]}-{number}", number + 1
        cell.id = identity
        taken.add(identity)


def tidy(notebook: Any) -> Any:
    """Return the notebook in the form in which it is stored, the kept outputs as they were."""
    neat = nbformat.from_dict(notebook)
    neat.nbformat, neat.nbformat_minor = 4, 5
    neat.metadata = nbformat.from_dict(METADATA)
    name_cells(neat.cells)
    for cell in neat.cells:
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        cell.pop("attachments", None)
        if cell.cell_type != "code":
            continue
        if is_kept(cell):
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata = nbformat.from_dict({})
        else:
            cell.outputs, cell.execution_count = [], None
    return neat


def as_text(notebook: Any) -> str:
    """Return a notebook as it stands in its file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def read(path: Path) -> Any:
    """Return the notebook in a file."""
    return nbformat.read(path, as_version=4)


def run_kept(notebook: Any, folder: Path) -> None:
    """Run the notebook and store what its `keep-output` cells print."""
    with tempfile.TemporaryDirectory(prefix="reactorkit-tidy-") as home:
        os.environ.update(REACTORKIT_QUICK="1", REACTORKIT_AUTOPREDICT="1", REACTORKIT_HOME=home)
        run = nbformat.from_dict(notebook)
        client = NotebookClient(run, timeout=180, resources={"metadata": {"path": str(folder)}})
        client.execute()
    for old, new in zip(notebook.cells, run.cells, strict=True):
        if is_kept(old):
            old.outputs, old.execution_count = new.outputs, new.execution_count


def main() -> int:
    """Tidy the notebooks named on the command line, or all; return 1 if --check found disorder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of them without any")
    parser.add_argument("--check", action="store_true", help="change nothing, only tell")
    parser.add_argument("--no-run", action="store_true", help="keep the kept outputs as they are")
    options = parser.parse_args()
    untidy = 0
    for path in options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        before = path.read_text()
        neat = tidy(read(path))
        if not (options.check or options.no_run) and any(map(is_kept, neat.cells)):
            run_kept(neat, path.parent)
            neat = tidy(neat)
        if as_text(neat) == before:
            continue
        untidy += 1
        print(f"{path.name}: {'is not tidy' if options.check else 'tidied'}")
        if not options.check:
            path.write_text(as_text(neat))
    return 1 if untidy and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
