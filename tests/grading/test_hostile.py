"""Submissions that attack the judge: none gains a point, leaves anything behind, or hurts others.

Each runs under every isolation that this system offers. Without any, nothing can be promised: the
reports say so, and it is not tried here.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from reactorkit.grading import catalog, isolation, submission
from reactorkit.grading.judge import judge
from reactorkit.grading.results import FAILED, PASSED

FOLDER = Path(__file__).resolve().parent.parent / "submissions"
HOSTILE = sorted((FOLDER / "hostile").glob("*.py"))
WAYS = [one for one in isolation.available() if one.name != "none"]
# Under a user of its own it can read what everybody can read; its promise says so.
CASES = [
    pytest.param(path, way, id=f"{way.name}-{path.stem}")
    for way in WAYS
    for path in HOSTILE
    if way.hides or path.stem != "takes_the_solution"
]


def short(exercise):
    """Return the exercise with its first check only."""
    return replace(exercise, checks=exercise.checks[:1])


def marked():
    """Return what is left where a submission may have left its mark."""
    places = {"/tmp", "/var/tmp", "/dev/shm", os.environ.get("TMPDIR", "/tmp"), str(Path.home())}
    return [path for place in places for path in Path(place).glob("reactorkit-was-here")]


@pytest.fixture
def folders(monkeypatch):
    """The place where submissions of this test alone get their folders: others run beside us."""
    with tempfile.TemporaryDirectory(prefix="reactorkit-hostile-") as name:
        place = Path(name)
        place.chmod(0o755)  # a throw-away user has to find its own folder in it
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield place


def test_some_isolation_is_here_or_it_is_said():
    if not WAYS:
        pytest.skip("neither bubblewrap nor user namespaces nor a throw-away user work here")


@pytest.fixture(params=WAYS, ids=lambda one: one.name)
def way(request):
    return request.param


@pytest.mark.parametrize(("path", "way"), CASES)
def test_it_gains_nothing_and_leaves_nothing(path, way, folders):
    exercise = short(catalog.get("x02"))
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    marks = set(marked())
    result = judge(exercise, submission.read(exercise, path), isolation=way)
    assert result.score == 0, result.text()
    assert {one.outcome for one in result.checks} <= {FAILED}, result.text()
    left = {one.pid for one in psutil.Process().children(recursive=True)} - before
    assert not left
    assert set(marked()) <= marks
    assert list(folders.iterdir()) == []
    assert path.exists()


def test_the_next_one_is_judged_as_if_nothing_had_been(way):
    exercise = short(catalog.get("x02"))
    good = submission.read(exercise, FOLDER / "x02" / "right_threads.py")
    for name in ("kills_its_parents", "fork_bomb"):
        judge(exercise, submission.read(exercise, FOLDER / "hostile" / f"{name}.py"), isolation=way)
        result = judge(exercise, good, isolation=way)
        assert {one.outcome for one in result.checks} == {PASSED}, result.text()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("memory_bomb", "MiB of memory"),
        ("fork_bomb", "processes"),
        ("fills_the_disk", "to disk"),
    ],
)
def test_who_takes_too_much_is_told_so(name, words, way):
    exercise = short(catalog.get("x02"))
    path = FOLDER / "hostile" / f"{name}.py"
    result = judge(exercise, submission.read(exercise, path), isolation=way)
    assert words in result.text()


def test_who_is_told_so_need_not_have_ended_yet():
    """Without namespaces, the processes of a fork bomb are killed one by one, which takes long."""
    exercise = short(catalog.get("x02"))
    path = FOLDER / "hostile" / "fork_bomb.py"
    result = judge(exercise, submission.read(exercise, path), isolation=isolation.Isolation())
    assert "processes, and 64 are allowed" in result.text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_what_a_throw_away_user_left_elsewhere_is_removed_with_its_folder(folders):
    way = isolation.ThrowAwayUser()
    mine = folders / "of-a-submission"
    mine.mkdir()
    way.prepare(mine)
    number = mine.stat().st_uid
    assert number >= isolation.FIRST_UID
    left, of_others = folders / "left", folders / "of-others"
    for path in (left, of_others):
        path.mkdir()
    os.chown(left, number, number)
    way.clean(mine)
    assert list(folders.iterdir()) == [of_others]
    of_others.rmdir()
