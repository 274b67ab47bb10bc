"""A copy for learners: it works, it has what the course selects, and no answer is in it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reactorkit.errors import KitError
from reactorkit.grading import catalog, submission
from reactorkit.grading.classroom import handouts
from reactorkit.grading.classroom.release import FROM_README, release, section

ROOT = Path(__file__).resolve().parents[2]
COURSES = ROOT / "courses"
SUBMISSIONS = ROOT / "tests" / "submissions"
LINK = re.compile(r"\]\((?!https?:)([\w./-]+\.\w+|LICENSE[\w-]*)\)")
# Stands for uv: makes an environment whose Python tells how JupyterLab would be started.
FAKE_UV = """\
#!/bin/sh
if [ "$1" = venv ]; then
    for place in "$@"; do :; done
    mkdir -p "$place/bin"
    cat > "$place/bin/python" <<'END'
#!/bin/sh
case "$*" in *jupyterlab*) echo "started: $*"; exit;; esac
exec "{python}" "$@"
END
    chmod +x "$place/bin/python"
fi
"""


def released(folder, course):
    assert release([str(COURSES / course), "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy for a course of one exercise."""
    return released(tmp_path_factory.mktemp("one") / "copy", "one-lecture.toml")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A copy with every exercise, for a course that forbids giving up."""
    return released(tmp_path_factory.mktemp("three") / "copy", "three-labs.toml")


def run(folder, *command, **env):
    """Run a program in a copy, as its learner does."""
    # A `make` in a `make` tells of each folder: the learner's has none around it.
    not_theirs = {"REACTORKIT_HOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    own = {key: value for key, value in os.environ.items() if key not in not_theirs}
    return subprocess.run(
        command, cwd=folder, env={**own, **env}, text=True, capture_output=True, check=False
    )


def check(folder, *words):
    return run(folder, sys.executable, "-m", "reactorkit", "check", "x02", *map(str, words))


# --- What is in it ---


def lines(text):
    """Return the lines that say something, without indentation and comments."""
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def runs(text):
    """Return every run of three lines."""
    found = lines(text)
    return set(zip(found, found[1:], found[2:], strict=False))


def texts(folder):
    """Yield the text of every file; of a notebook that of its cells."""
    for path in folder.rglob("*"):
        if path.is_file() and b"\0" not in (data := path.read_bytes()) and path.suffix != ".gz":
            text = data.decode()
            if path.suffix == ".ipynb":
                text = "\n".join(handouts.text(cell) for cell in json.loads(text)["cells"])
            yield path.relative_to(folder), text


def answers():
    """Return the runs of every answer of ours: the solutions, and the right submissions."""
    paths = [*catalog.SOLUTIONS.glob("x*.py"), *SUBMISSIONS.glob("x*/right_*.py")]
    return {path: runs(path.read_text()) for path in paths}


def held(answer, text):
    """Return how much of an answer stands in a text, from 0 to 1."""
    return len(answer & runs(text)) / len(answer)


def test_no_answer_is_in_any_file(whole):
    ours = answers()
    assert len(ours) > len(catalog.catalog())
    for name, text in texts(whole):
        for path, answer in ours.items():
            # A starter, or a server that the lesson shows, shares a line or two with an answer.
            assert held(answer, text) < 0.4, f"{name} has much of {path.name}"


def test_an_answer_would_be_found():
    text = f"# notes\n\n{(SUBMISSIONS / 'x06' / 'right_select.py').read_text()}"
    assert max(held(answer, text) for answer in answers().values()) == 1


def test_what_is_the_instructor_s_stays_there(whole):
    names = {part for path in whole.rglob("*") for part in path.relative_to(whole).parts}
    assert names & {"solutions", "submissions", "tests", "runsheets", "__pycache__"} == set()


def test_exactly_the_exercises_of_the_course_are_in_it(copy):
    assert [path.name for path in (copy / "exercises").iterdir()] == ["x02_thread_echo.ipynb"]
    assert (copy / "course.toml").read_bytes() == (COURSES / "one-lecture.toml").read_bytes()


@pytest.mark.parametrize("which", ["copy", "whole"])
def test_every_link_leads_somewhere(which, request):
    folder = request.getfixturevalue(which)
    checked = 0
    for name, text in texts(folder):
        if name.name == "README.md" or name.suffix == ".ipynb":
            targets = LINK.findall(text)
            checked += len(targets)
            assert [one for one in targets if not (folder / name.parent / one).exists()] == []
    assert checked > 12  # each lesson of the README, and more


def test_the_readme_tells_what_the_course_asks_for(whole):
    text = (whole / "README.md").read_text()
    assert text.startswith("# The Reactor pattern in three labs\n")
    assert "Due on" in text and "solution(" not in text
    assert all(f"({one.notebook_name})" in text.replace("exercises/", "") for one in shipped())
    ours = (ROOT / "README.md").read_text()
    assert all(section(ours, title).removeprefix("## ") in text for title in FROM_README)


def shipped():
    return catalog.catalog().values()


# --- What it does ---


def test_an_answer_is_judged_in_the_copy(copy):
    done = check(copy, SUBMISSIONS / "x02" / "right_threads.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 of 5 points" in done.stdout
    wrong = check(copy, SUBMISSIONS / "x02" / "wrong_upper_case.py")
    assert wrong.returncode == 1
    assert "Likely cause" in wrong.stdout


def test_the_starter_in_the_copy_is_unattempted(copy):
    done = check(copy, copy / "exercises" / "x02_thread_echo.ipynb")
    assert "unattempted" in done.stdout


LEARNER = """\
import reactorkit
from reactorkit import check, hint, progress, solution
print(reactorkit.__file__)
print(hint("x02"))
print(progress())
shown = check("x02", "{right}")
print(shown.next_step)
solution("x02")
"""


def test_hints_open_and_asking_for_the_solution_gives_a_sentence(copy):
    words = LEARNER.format(right=SUBMISSIONS / "x02" / "right_threads.py")
    done = run(copy, sys.executable, "-c", words)
    where, *told = done.stdout.splitlines()
    assert where == str(copy / "reactorkit" / "__init__.py")
    assert told[0] == catalog.get("x02").hints[0]
    assert told[1].startswith("One lecture: a thread for every visitor: 0 of 1 passed")
    assert told[-1] == "All of it. progress() shows what is next."
    assert "KitError: This copy of the course has no solution of x02." in done.stderr


def test_make_lab_sets_up_and_opens_the_lessons(copy, tmp_path):
    python = sys._base_executable  # without matplotlib, whose fonts the set-up would look for
    (tmp_path / "uv").write_text(FAKE_UV.format(python=python))
    (tmp_path / "uv").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run(copy, "make", "lab", "ARGS=--port 0", PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Setting up .venv" in done.stdout
    started = done.stdout.splitlines()[-1]
    assert started.startswith("started: -P -m jupyterlab")
    assert f"root_dir={copy}" in started
    assert started.endswith("--port 0 notebooks/00_start_here.ipynb")
    shutil.rmtree(copy / ".venv")


def test_make_says_what_a_copy_has_not(copy):
    assert "make test " not in run(copy, "make", "help").stdout
    done = run(copy, "make", "test")
    assert done.returncode == 2
    assert "This is a learner's copy" in done.stdout


HELP = """\
import contextlib
from reactorkit.__main__ import COMMANDS
for command, _, _ in COMMANDS.values():
    with contextlib.suppress(SystemExit):
        command(["--help"])
print(*COMMANDS)
"""


def test_every_command_of_the_kit_is_there(copy):
    done = run(copy, sys.executable, "-c", HELP)
    assert (done.returncode, done.stderr) == (0, "")
    assert " release " in done.stdout.splitlines()[-1]


# --- What is refused ---


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(KitError, match="is not empty"):
        released(tmp_path, "one-lecture.toml")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(KitError, match="is a file"):
        released(tmp_path / "mine.txt", "one-lecture.toml")
    with pytest.raises(KitError, match="cannot be written"):
        released(tmp_path / "mine.txt" / "below", "one-lecture.toml")


def test_an_unknown_exercise_is_answered_with_the_nearest(tmp_path):
    course = tmp_path / "course.toml"
    course.write_text('[[labs]]\nexercises = ["x2"]\n')
    with pytest.raises(KitError, match=r"There is no exercise 'x2'\. Did you mean x02"):
        release([str(course), "--out", str(tmp_path / "copy")])
    with pytest.raises(KitError, match="cannot be read"):
        release([str(tmp_path / "none.toml"), "--out", str(tmp_path / "copy")])
    assert not (tmp_path / "copy").exists()


@pytest.fixture
def exercises(tmp_path, monkeypatch):
    """The exercises in a folder where they may be changed."""
    folder = tmp_path / "exercises"
    shutil.copytree(submission.EXERCISES, folder)
    monkeypatch.setattr(submission, "EXERCISES", folder)
    return folder


def change(path, act):
    found = json.loads(path.read_text())
    for cell in found["cells"]:
        act(cell)
    path.write_text(json.dumps(found))


def test_an_answer_of_the_instructor_s_does_not_reach_the_class(exercises, tmp_path):
    def answer(cell):
        if submission.is_answer(cell, "x02"):
            cell["source"] = (SUBMISSIONS / "x02" / "right_threads.py").read_text()

    change(exercises / "x02_thread_echo.ipynb", answer)
    with pytest.raises(KitError, match="holds an answer, and everybody would get it"):
        released(tmp_path / "copy", "one-lecture.toml")
    assert not (tmp_path / "copy").exists()


def test_what_the_instructor_has_run_leaves_no_output(exercises, tmp_path):
    def ran(cell):
        if cell["cell_type"] == "code":
            shown = {"output_type": "stream", "name": "stdout", "text": "5 of 5 points"}
            cell.update(outputs=[shown], execution_count=7)

    change(exercises / "x02_thread_echo.ipynb", ran)
    copy = released(tmp_path / "copy", "one-lecture.toml")
    text = (copy / "exercises" / "x02_thread_echo.ipynb").read_text()
    assert "5 of 5 points" not in text and '"execution_count": 7' not in text


def test_what_goes_wrong_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*names):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy", full)
    with pytest.raises(KitError, match="cannot be written: No space left on device"):
        released(tmp_path / "copy", "one-lecture.toml")
    assert list((tmp_path / "copy").iterdir()) == []
