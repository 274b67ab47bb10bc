"""nbgrader runs what `export nbgrader` writes, and gives the points that our own checks give."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import nbgrader_beside
import pytest
from javascript import in_ci

from reactorkit.errors import KitError
from reactorkit.grading import catalog, course, points, submission
from reactorkit.grading.classroom import handouts, nbgrader
from reactorkit.grading.classroom.cli import grade
from reactorkit.grading.classroom.export import export
from reactorkit.grading.results import ERROR, PASSED, CheckResult, Result

SUBMISSIONS = Path(__file__).resolve().parent.parent / "submissions" / "x02"
COURSE = '[[labs]]\ntitle = "Lab 1: threads"\nexercises = ["x02"]\nweight = 10\n'
LAB = "lab-1-threads"
NOTEBOOK = "x02_thread_echo.ipynb"
RIGHT = (SUBMISSIONS / "right_threads.py").read_text()
WRONG = (SUBMISSIONS / "wrong_send.py").read_text()  # one check of five points fails, worth one


def read(path):
    return json.loads(path.read_text())


def named(found, name):
    """Return the cell that nbgrader knows by this name."""
    return next(
        cell
        for cell in found["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


# --- What is written ---


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "course.toml"
    path.write_text(COURSE)
    return path


@pytest.fixture
def exported(tmp_path, plan):
    def exported(*more):
        words = ["nbgrader", "--out", str(tmp_path / "out"), "--course", str(plan), *more]
        return export(words)

    return exported


@pytest.mark.parametrize("exercise", catalog.catalog().values(), ids=lambda one: one.id)
def test_every_exercise_becomes_a_source_notebook(exercise):
    found = nbgrader.source(exercise, course.whole())
    nbformat.validate(nbformat.from_dict(found))
    test = named(found, f"{exercise.id}-check")
    assert test["metadata"]["nbgrader"] == {
        "grade": True,
        "grade_id": f"{exercise.id}-check",
        "locked": True,
        "points": exercise.max,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    answer = named(found, f"{exercise.id}-answer")
    assert answer["metadata"]["nbgrader"]["solution"]
    assert answer["metadata"]["tags"] == [f"exercise:{exercise.id}"]
    assert handouts.text(answer).count("BEGIN SOLUTION") >= 1
    assert "](../" not in "".join(map(handouts.text, found["cells"]))


@pytest.mark.parametrize("exercise", catalog.catalog().values(), ids=lambda one: one.id)
def test_the_starter_stays_one_with_nbgrader_s_own_words_in_it(exercise, tmp_path):
    """generate_assignment puts its stub where the region was (its preprocessor clearsolutions)."""
    kept, within = [], False
    for line in handouts.text(
        named(nbgrader.source(exercise, course.whole()), f"{exercise.id}-answer")
    ).splitlines():
        if "BEGIN SOLUTION" in line:
            kept.append(line.split("#")[0] + "raise NotImplementedError()")
        within = "BEGIN SOLUTION" in line or (within and "END SOLUTION" not in line)
        if not within and "SOLUTION" not in line:
            kept.append(line)
    path = tmp_path / exercise.file_name
    path.write_text("\n".join(kept).removeprefix(f"%%exercise {exercise.id}\n"))
    assert submission.read(exercise, path).unchanged


def test_labs_become_assignments_and_points_their_weight(exported, tmp_path, capsys):
    assert exported() == 0
    told = capsys.readouterr().out
    assert f"source/{LAB}: x02." in told and "nbgrader generate_assignment" in told
    test = named(read(tmp_path / "out" / "source" / LAB / NOTEBOOK), "x02-check")
    assert test["metadata"]["nbgrader"]["points"] == 10
    assert test["source"].splitlines()[-1] == 'points("x02", of=10)'


def test_two_labs_of_one_title_are_two_assignments():
    labs = (course.Lab("Lab", ("x02",)), course.Lab("Lab", ("x03",)), course.Lab("实验", ("x04",)))
    assert list(nbgrader.assignments(course.Course(labs=labs))) == ["lab", "lab-2", "lab-3"]


def test_what_the_instructor_has_changed_is_not_written_over(exported, tmp_path, capsys):
    exported()
    exported()  # the same once more is no change
    path = tmp_path / "out" / "source" / LAB / NOTEBOOK
    path.write_text("mine")
    (tmp_path / "out" / "nbgrader_config.py").write_text("c = get_config()\n")
    with pytest.raises(KitError, match=rf"{NOTEBOOK}\. Add --force"):
        exported()
    assert path.read_text() == "mine"
    capsys.readouterr()
    exported("--force")
    assert path.read_text() != "mine"
    assert "is yours and stays as it is" in capsys.readouterr().out


# --- The number of the test cell ---


@pytest.fixture
def judged(monkeypatch, tmp_path):
    """Have a judge find what it is told to, in a folder with the starter."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(submission.EXERCISES / NOTEBOOK, NOTEBOOK)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")

    def judged(*checks):
        found = Result("x02", "A title", "0", [CheckResult("a", "A", *one) for one in checks])
        monkeypatch.setattr(points, "judge", lambda *given: found)

    return judged


def test_points_are_a_part_of_what_the_cell_is_worth(judged, capsys):
    judged((PASSED, 1, 1), (PASSED, 1, 2))
    assert points.points("x02") == 2
    assert points.points("x02", of=10) == 6.67
    assert "worth 6.67 of 10 points" in capsys.readouterr().out


def test_a_fault_of_ours_is_no_number(judged):
    judged((PASSED, 1, 1), (ERROR, 0, 2))
    with pytest.raises(KitError, match="The check itself failed, not the answer"):
        points.points("x02")


# --- nbgrader itself ---

# What a learner may put before the test cell. The first is of no use; the last two are: this is
# what the README says of nbgrader.
SHADOWS = "check = points = lambda *ignored, **named: 10.0"
PATCHES = "import reactorkit.grading.points as them\nthem.points = lambda *ignored, **named: 10.0"
BREAKS_THE_CHECK = """\
import reactorkit.grading.checks.x02 as checks
checks.echoes = lambda stage: 1 / 0"""


def hand_in(folder, name, answer, cell="", act=lambda found: None):
    """Write a learner's notebook, as the assignment was released to them."""
    found = read(folder / "release" / LAB / NOTEBOOK)
    if answer:
        named(found, "x02-answer")["source"] = f"%%exercise x02\n{answer}"
    if cell:
        found["cells"].insert(2, {**nbformat.v4.new_code_cell(cell, id="mine")})
    act(found)
    path = folder / "submitted" / name / LAB / NOTEBOOK
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(found))


def without_test_and_magic(found):
    found["cells"].remove(named(found, "x02-check"))
    named(found, "x02-answer")["source"] = RIGHT


def run(folder, *words):
    """Run nbgrader in its course folder; return what it did."""
    command = [sys.executable, "-m", "nbgrader", *words]
    own = {key: value for key, value in os.environ.items() if key != "REACTORKIT_HOME"}
    env = nbgrader_beside.over(own)
    return subprocess.run(
        command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


# nbgrader starts slowly, and a kernel for each learner.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A class whose notebooks nbgrader has graded."""
    if not nbgrader_beside.is_ready():
        (pytest.fail if in_ci() else pytest.skip)(nbgrader_beside.NONE)
    folder = tmp_path_factory.mktemp("nbgrader")
    plan = folder / "course.toml"
    plan.write_text(COURSE)
    assert export(["nbgrader", "--out", str(folder), "--course", str(plan)]) == 0
    done = run(folder, "generate_assignment", LAB)
    assert done.returncode == 0, done.stdout
    hand_in(folder, "ann", RIGHT)
    hand_in(folder, "ben", WRONG, SHADOWS)
    hand_in(folder, "cy", "")
    hand_in(folder, "dan", "", PATCHES)
    hand_in(folder, "eve", RIGHT, act=without_test_and_magic)
    hand_in(folder, "flo", RIGHT, BREAKS_THE_CHECK)
    (folder / "log").write_text(run(folder, "autograde", LAB).stdout)
    done = run(folder, "export")
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="module")
def scores(folder):
    with (folder / "grades.csv").open(newline="") as file:
        return {row["student_id"]: float(row["score"] or 0) for row in csv.DictReader(file)}


def test_the_released_notebook_holds_the_starter_and_the_test(folder):
    found = read(folder / "release" / LAB / NOTEBOOK)
    assert "raise NotImplementedError()" in handouts.text(named(found, "x02-answer"))
    assert not named(found, "x02-check")["metadata"]["editable"]


def test_right_wrong_and_nothing_get_what_our_checks_give(folder, scores):
    log = (folder / "log").read_text()
    assert scores["ann"] == 10, log
    assert scores["ben"] == 8, log
    assert scores["cy"] == 0, log
    assert "which cannot be converted to" not in log  # a result that nbgrader takes for all points


def test_a_removed_test_cell_comes_back_and_the_magic_need_not_be_there(folder, scores):
    assert scores["eve"] == 10, (folder / "log").read_text()


def test_a_fault_of_ours_is_reported_and_no_grade(folder, scores):
    log = (folder / "log").read_text()
    assert f"There was an error processing assignment '{LAB}' for student 'flo'" in log
    assert "The check itself failed, not the answer" in log
    assert list((folder / "autograded" / "flo").rglob("*.ipynb")) == []


def test_nobody_s_answer_is_written_outside_their_folder(folder):
    assert not (folder / "work").exists()
    assert (folder / "autograded" / "ann" / LAB / "work" / "x02.py").read_text() == RIGHT


def test_the_feedback_tells_the_story(folder):
    done = run(folder, "generate_feedback", LAB, "--student", "ben")
    assert done.returncode == 0, done.stdout
    page = (folder / "feedback" / "ben" / LAB / NOTEBOOK).with_suffix(".html").read_text()
    assert "What happened in the first check that failed" in page
    assert "worth 8 of 10 points" in page


def test_what_was_forged_under_nbgrader_our_own_grader_sees_through(folder, scores, tmp_path):
    assert scores["dan"] == 10  # as the README says: the number comes from the learner's kernel
    where = [str(folder / "submitted"), "--out", str(tmp_path), "--course"]
    assert grade([*where, str(folder / "course.toml"), "--jobs", "1"]) == 0
    with (tmp_path / "gradebook.csv").open(newline="") as file:
        ours = {row["student"]: float(row["total (of 10)"]) for row in csv.DictReader(file)}
    assert ours == {"ann": 10, "ben": 8, "cy": 0, "dan": 0, "eve": 10, "flo": 10}
