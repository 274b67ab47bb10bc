"""How far a learner is, and the zip that is handed in; what the zip holds is what is graded."""

import zipfile

import pytest

from reactorkit.errors import KitError
from reactorkit.grading import attempts, catalog, hand_in, notebook, submission
from reactorkit.grading.classroom.collect import collect
from reactorkit.grading.results import PASSED, CheckResult, Result

ANSWER = "def serve(listener):\n    pass\n"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REACTORKIT_HOME", str(tmp_path))
    (tmp_path / "course.toml").write_text(
        'title = "A course"\ngive_up = false\n[[labs]]\nexercises = ["x02"]\ndue = 2027-01-15\n'
    )
    return tmp_path


def tried(source, score):
    checks = (CheckResult("one", "One", PASSED, score, 5),)
    attempts.remember(Result("x02", "A title", "0", checks), source)


def test_progress_tells_points_attempts_and_dates(capsys):
    assert "0 of 1 passed" in repr(hand_in.progress())
    tried("one = 1\n", 2)
    assert hand_in.progress_main([]) == 0
    told = capsys.readouterr().out
    assert "2 of 5" in told and "tried once" in told and "due Fri 15 Jan 2027 23:59" in told
    tried("two = 2\n", 5)
    assert "1 of 1 passed" in repr(hand_in.progress())
    assert "passed</td>" in hand_in.progress()._repr_html_()


def test_what_is_submitted_is_what_is_graded(home, capsys):
    notebook.write_answer("x02", ANSWER)
    tried(ANSWER, 2)
    assert hand_in.submit_main(["--name", "Ada Lovelace"]) == 0
    assert "checked; best so far 2/5" in capsys.readouterr().out
    (home / "in").mkdir()
    (home / "work" / "Ada-Lovelace.zip").rename(home / "in" / "Ada-Lovelace.zip")
    (learner,) = collect(home / "in", ["x02"]).values()
    assert (learner.key, learner.answers["x02"].source) == ("Ada-Lovelace", ANSWER)
    assert learner.notes == []


def test_an_answer_that_was_not_checked_as_it_is_is_told(capsys):
    notebook.write_answer("x02", ANSWER)
    hand_in.submit_main(["--name", "Ada"])
    assert "not checked as it is now" in capsys.readouterr().out


def test_starters_are_left_out_and_nothing_is_no_hand_in(home):
    with pytest.raises(KitError, match="nothing to hand in"):
        hand_in.submit("Ada")
    notebook.write_answer("x02", submission.starter(catalog.get("x02")))
    with pytest.raises(KitError, match="nothing to hand in"):
        hand_in.submit("Ada")
    notebook.write_answer("x02", ANSWER)
    with pytest.raises(KitError, match="Say whose it is"):
        hand_in.submit("../")
    path, _ = hand_in.submit("Ada/../x", home / "mine.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["x02.py", hand_in.ABOUT]


def test_a_course_can_keep_solutions_until_a_pass():
    for number in range(9):
        tried(f"n = {number}\n", 1)
        notebook.hint("x02")
    with pytest.raises(KitError, match="opens once yours has passed"):
        notebook.solution("x02", give_up=True)
    tried(ANSWER, 5)
    assert "def serve" in str(notebook.solution("x02"))
