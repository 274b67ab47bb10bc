"""Lessons as a reader meets them: nothing answered, run from the top, or one section alone.

nbval runs every lesson with its predictions answered (`make test`). Here nobody answers, so the
experiments behind a question say what to do and return.
"""

import ast
import contextlib
from pathlib import Path

import nbformat
import pytest
import tidy_notebooks
from nbclient import NotebookClient

from reactorkit.claims import model
from reactorkit.lab import doctor

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TO_DO = "Predict above, then run me again"
# Calls that depend on nothing a lesson has made before, so their section need not be tried.
INDEPENDENT = {"predict", "experiment", "show", "show_diff", "lesson", "ledger", "clean_up"}


def text_of(cells):
    """Return all that some cells have printed or shown as text."""
    parts = []
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        parts.append(output.get("text", ""))
        parts += [value for kind, value in output.get("data", {}).items() if "text/" in kind]
    return "\n".join(parts)


def warnings_in(cells):
    """Return the lines of standard error that speak of a warning."""
    printed = [
        output.text
        for cell in cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]
    return [line for text in printed for line in text.splitlines() if "Warning" in line]


class Reader:
    """A kernel that cells run in, one after the other, as if they stood in one notebook."""

    def __init__(self):
        notebook = nbformat.v4.new_notebook(metadata=tidy_notebooks.METADATA)
        where = {"metadata": {"path": str(ROOT / "notebooks")}}
        self.client = NotebookClient(notebook, timeout=90, resources=where)

    @property
    def pid(self):
        return self.client.km.provisioner.process.pid

    def run(self, cells):
        """Run the cells; CellExecutionError at the first exception."""
        for cell in cells:
            self.client.nb.cells.append(cell)
            self.client.execute_cell(cell, len(self.client.nb.cells) - 1)

    def left_running(self):
        return [one.what for one in doctor.kept() if one.owner == self.pid]


@contextlib.contextmanager
def new_reader(home):
    """A reader with a kernel and no stored predictions; afterwards nothing of it may be left."""
    one = Reader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REACTORKIT_HOME", str(home))
        patch.delenv("REACTORKIT_AUTOPREDICT", raising=False)
        with one.client.setup_kernel():
            yield one
            pid = one.pid
    left = [kept.what for kept in doctor.leftovers() if kept.owner == pid]
    assert left == [], "survived the kernel"


@pytest.fixture(scope="module", params=PATHS, ids=[path.stem for path in PATHS])
def lesson(request, tmp_path_factory):
    """A lesson's file and one reader for all that is tried with it: a kernel takes seconds."""
    with new_reader(tmp_path_factory.mktemp("home")) as one:
        yield request.param, one


def code(source):
    return nbformat.v4.new_code_cell(source)


def sections(cells):
    """Return the set-up cell and, for each heading of the second level, its code cells."""
    first = next(cell for cell in cells if cell.cell_type == "code")
    found = {}
    for cell in cells:
        heading = cell.source.splitlines()[0] if cell.source else ""
        if cell.cell_type == "markdown" and heading.startswith("## "):
            found[heading] = []
        elif cell.cell_type == "code" and cell is not first and found:
            found[list(found)[-1]].append(cell)
    return first, {heading: code for heading, code in found.items() if code}


def literal_call(cell):
    """Return (name, argument) if a cell is one call of a plain name with literals, else None."""
    body = ast.parse(cell.source).body
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        return None
    if not all(isinstance(word, ast.Constant) for word in call.args):
        return None
    return call.func.id, call.args[0].value if call.args else None


def stands_alone(cell):
    """Return whether a cell only asks, measures or shows, which needs no other cell."""
    call = literal_call(cell)
    return call is not None and call[0] in INDEPENDENT


def is_ungated_experiment(cell):
    """Return whether a cell measures without having asked: nbval runs it just the same."""
    call = literal_call(cell)
    if call is None or call[0] != "experiment":
        return False
    return not any(claim.gate for claim in model.sharing(model.get(call[1])))


def test_a_reader_who_answers_nothing_is_told_what_to_do(lesson):
    path, reader = lesson
    cells = [cell for cell in tidy_notebooks.read(path).cells if cell.cell_type == "code"]
    cells = [cell for cell in cells if not is_ungated_experiment(cell)]
    reader.run(cells)
    assert reader.left_running() == [], "clean_up() at the end leaves nothing running"
    waiting = [cell for cell in cells if (literal_call(cell) or [""])[0] == "experiment"]
    assert waiting, "a lesson asks at least once before it measures"
    assert [cell.id for cell in waiting if TO_DO not in text_of([cell])] == []
    assert warnings_in(cells) == []


def test_every_section_runs_alone_after_the_set_up(lesson):
    """Cells with code of their own are run with the names of all other sections forgotten."""
    path, reader = lesson
    first, found = sections(tidy_notebooks.read(path).cells)
    for of_section in found.values():
        own = [cell for cell in of_section if not stands_alone(cell)]
        if own:
            reader.run([code("%reset -f"), code(first.source)])
            reader.run([code(cell.source) for cell in own])
            reader.run([code("clean_up()")])
    assert reader.left_running() == []


def test_a_lesson_that_leaves_a_server_behind_would_be_seen(tmp_path):
    with new_reader(tmp_path) as reader:
        reader.run([code('from reactorkit import serve\nserver = serve("echo_threads")')])
        assert len(reader.left_running()) >= 2, "a server and its keeper, owned by this kernel"
