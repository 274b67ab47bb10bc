"""What every notebook and the repository promise: nothing stale, no answers, no machine of ours."""

import ast
import importlib
import os
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
import readme_tables
import tidy_notebooks
from packaging.requirements import Requirement

from reactorkit import course
from reactorkit.claims import model

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 8
LONGEST_SET_UP = 14
LARGEST_FILE = 400_000

every_notebook = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])


def cells(path, kind=None):
    """Return the cells of a notebook, of one kind or all."""
    found = tidy_notebooks.read(path).cells
    return [cell for cell in found if kind in (None, cell.cell_type)]


def lesson_of(path):
    """Return the row of the course that a notebook belongs to."""
    return next(one for one in course.LESSONS if one.file_name == path.name)


def calls(path):
    """Return every call of a plain name, in order: (name, first literal, the cell)."""
    found = []
    for cell in cells(path, "code"):
        nodes = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
        for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
            if isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                value = first.value if isinstance(first, ast.Constant) else None
                found.append((node.func.id, value, cell.id))
    return found


def claims_of(number):
    """Return the claims of a notebook, and the questions it practises with, by id."""
    known = {**model.load(), **model.load(model.PRACTICE_FILE)}
    return {name: claim for name, claim in known.items() if claim.notebook == number}


def answered_by(claim):
    """Return the ids of all claims that the experiment of this claim answers."""
    return {one.id for one in model.sharing(claim)}


# --- Notebooks ---


def test_the_first_five_lessons_are_here():
    assert [path.name[:2] for path in PATHS][:5] == ["00", "01", "02", "03", "04"]


@every_notebook
def test_a_notebook_is_valid_and_stored_tidily(path):
    notebook = tidy_notebooks.read(path)
    nbformat.validate(notebook)
    wanted = tidy_notebooks.as_text(tidy_notebooks.tidy(notebook))
    assert path.read_text() == wanted, f"Run `make tidy`: {path.name} is not stored tidily."


@every_notebook
def test_a_notebook_knows_nothing_of_the_machine_it_was_written_on(path):
    assert dict(tidy_notebooks.read(path).metadata) == tidy_notebooks.METADATA


@every_notebook
def test_every_cell_has_a_name_of_its_own(path):
    names = [cell.id for cell in cells(path)]
    assert [name for name in names if not tidy_notebooks.is_readable(name)] == []
    assert len(set(names)) == len(names)


@every_notebook
def test_code_cells_are_short(path):
    first, *others = cells(path, "code")
    assert len(first.source.splitlines()) <= LONGEST_SET_UP
    long = {cell.id: len(cell.source.splitlines()) for cell in others}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_CELL} == {}


@every_notebook
def test_an_output_is_stored_only_where_it_is_the_same_on_every_run(path):
    """nbval compares what is stored, and leaves a cell alone that has no execution count."""
    for cell in cells(path, "code"):
        if tidy_notebooks.is_kept(cell):
            assert cell.outputs, f"{cell.id} is tagged keep-output and has none: run `make tidy`"
            assert cell.execution_count is not None
            kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
            assert kinds <= {"text/plain", "text/html", "text/markdown"}
        else:
            assert cell.outputs == []
            assert cell.execution_count is None


@every_notebook
def test_a_notebook_opens_with_its_number_its_title_and_the_walk(path):
    lesson, first = lesson_of(path), cells(path)[0]
    assert first.source.splitlines()[0] == f"# {lesson.number:02d} {lesson.title}"
    assert course.strip(lesson.number) in first.source.splitlines()


@every_notebook
def test_a_fence_stands_on_a_line_of_its_own(path):
    """Behind other words it opens nothing, and the one that was to close it swallows the rest."""
    for cell in cells(path, "markdown"):
        wrong = [line for line in cell.source.splitlines() if "```" in line.lstrip()[1:]]
        assert [line for line in wrong if not line.lstrip().startswith("```")] == [], cell.id


@every_notebook
def test_a_notebook_states_its_minutes(path):
    """The sum need not be there, but every number of minutes must be the course's."""
    lesson, text = lesson_of(path), cells(path)[0].source
    stated = {int(number) for number in re.findall(r"\b(\d+) minutes", text)}
    assert stated, "the first cell says how long the lesson takes"
    assert stated <= {*lesson.minutes, sum(lesson.minutes), sum(lesson.minutes[:2])}


@every_notebook
def test_the_set_up_comes_first_and_tells_what_to_do_without_the_kit(path):
    first = cells(path, "code")[0]
    assert f"lesson({lesson_of(path).number})" in first.source
    assert "ModuleNotFoundError" in first.source
    for line in ("pip install -r requirements.txt", "pip install -e ."):
        assert line in first.source


@every_notebook
def test_a_notebook_ends_by_proving_that_nothing_is_left(path):
    last = cells(path, "code")[-1]
    assert last.source.strip() == "clean_up()"
    assert tidy_notebooks.is_kept(last)
    assert "Nothing is left running." in str(last.outputs)


@every_notebook
def test_names_from_the_kit_exist(path):
    for cell in cells(path, "code"):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reactorkit"):
                home = importlib.import_module(node.module)
                missing = [one.name for one in node.names if not hasattr(home, one.name)]
                assert missing == [], f"{cell.id} imports from {node.module}"


@every_notebook
def test_a_notebook_asks_and_measures_only_its_own_claims(path):
    own = claims_of(lesson_of(path).number)
    for name, value, cell in calls(path):
        if name in ("predict", "experiment"):
            assert value in own, f"{cell}: {name}({value!r})"


@every_notebook
def test_every_claim_of_the_lesson_is_measured(path):
    own = claims_of(lesson_of(path).number)
    run = [own[value] for name, value, _ in calls(path) if name == "experiment"]
    answered = set().union(*(answered_by(claim) for claim in run)) if run else set()
    wanted = {name for name, claim in own.items() if claim.kind == "measured"}
    assert wanted - answered == set()


@every_notebook
def test_no_claim_is_answered_before_it_is_asked(path):
    own, asked = claims_of(lesson_of(path).number), set()
    for name, value, cell in calls(path):
        if name == "predict":
            asked.add(value)
        elif name == "experiment":
            gated = {one for one in answered_by(own[value]) if own[one].gate}
            assert gated <= asked, f"{cell} answers {gated - asked} before anybody was asked"
    assert {name for name, claim in own.items() if claim.gate} <= asked


# --- The repository ---


def stored_files():
    """Return the files that belong to the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        names = [name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # a copy without git
        skipped = {".venv", ".nbgrader", ".git", "work", "__pycache__", "dist"}
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        names = [str(path) for path in found if not skipped & set(path.parts)]
    return [path for name in names if (path := ROOT / name).is_file() and "cache" not in name]


# Written apart, so that this file does not find itself.
REGISTRIES = ["pypi" + ".org", "python" + "hosted", "registry.npm" + "js", "deb.debian" + ".org"]
REGISTRIES += ["index" + "-url", "archive.ubuntu" + ".com"]
OF_ONE_MACHINE = re.compile(r"(?<![\w.~/}-])/(home|Users|root|work)/[\w.]")


def texts():
    """Yield every text file of the repository with its text."""
    for path in stored_files():
        data = path.read_bytes()
        if b"\0" not in data:
            yield path, data.decode()


def test_no_file_names_a_package_registry():
    found = [(path.name, word) for path, text in texts() for word in REGISTRIES if word in text]
    assert found == []


def test_no_file_names_a_folder_of_one_machine():
    found = [(path.name, hit[0]) for path, text in texts() for hit in OF_ONE_MACHINE.finditer(text)]
    assert found == []


def test_no_file_is_large():
    assert [path.name for path in stored_files() if path.stat().st_size > LARGEST_FILE] == []


def test_the_learners_folder_is_not_part_of_the_repository():
    assert "/work/" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_readme_tells_what_the_code_tells():
    text = (ROOT / "README.md").read_text()
    assert readme_tables.filled(text) == text, "Run `make tidy`: a table of the README is stale."


LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_within_the_repository_lead_somewhere(name):
    targets = LINK.findall((ROOT / name).read_text())
    assert [target for target in targets if not (ROOT / target).exists()] == []


def pins(name):
    """Return the versions that a requirement file pins, by package."""
    found = {}
    for line in (ROOT / name).read_text().splitlines():
        text = line.split("#")[0].strip()
        if text:
            pin = Requirement(text)
            found.setdefault(pin.name.lower(), []).append(str(pin.specifier))
    return found


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "requirements-test.txt",
        "requirements-peers.txt",
        "requirements-nbgrader.txt",
    ],
)
def test_every_requirement_is_pinned_exactly(name):
    assert all(pin.startswith("==") for versions in pins(name).values() for pin in versions)


def test_the_pins_fit_what_the_project_asks_for():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = project["project"]["dependencies"] + groups["build"] + groups["test"]
    asked += groups["peers"] + groups["nbgrader"]
    pinned = pins("requirements-nbgrader.txt") | pins("requirements-peers.txt")
    pinned |= pins("requirements-test.txt")
    pinned |= pins("requirements.txt")
    for requirement in map(Requirement, asked):
        versions = pinned[requirement.name.lower().replace("_", "-")]
        assert all(requirement.specifier.contains(one.removeprefix("==")) for one in versions)


def test_the_shell_scripts_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
