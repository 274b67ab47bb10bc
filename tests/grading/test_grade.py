"""A class is judged: killed in the middle, judged again where it changed, written up for all."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reactorkit.errors import KitError
from reactorkit.grading.classroom.cli import grade
from reactorkit.grading.classroom.store import FILE_NAME, alone

SUBMISSIONS = Path(__file__).resolve().parent.parent / "submissions"
NO_PYTHON = "def serve(listener)  # {}\n"  # judged without a server, so at once


@pytest.fixture
def hand_in(tmp_path):
    def hand_in(name, text):
        path = tmp_path / "in" / name / "x02.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return hand_in


@pytest.fixture
def course(tmp_path):
    def course(text):
        path = tmp_path / "course.toml"
        path.write_text(text)
        return path

    return course


@pytest.fixture
def run(tmp_path, capsys, course):
    course('[[labs]]\nexercises = ["x02"]\n')

    def run(*more):
        where = [str(tmp_path / "in"), "--out", str(tmp_path / "out")]
        plan = ["--course", str(tmp_path / "course.toml")]
        status = grade([*where, *plan, "--jobs", "2", *map(str, more)])
        return status, capsys.readouterr().out

    return run


@pytest.fixture
def gradebook(tmp_path):
    def gradebook(name="gradebook.csv"):
        with (tmp_path / "out" / name).open(newline="") as file:
            return list(csv.DictReader(file))

    return gradebook


def test_a_class_gets_a_gradebook_and_reports(run, hand_in, gradebook, tmp_path):
    shutil.copytree(SUBMISSIONS / "x02", tmp_path / "in" / "ann", ignore=only("right_threads.py"))
    hand_in("ben", (SUBMISSIONS / "hostile" / "exits_early.py").read_text())
    hand_in("=cmd()", NO_PYTHON)
    (tmp_path / "in" / "dan").mkdir()
    status, told = run()
    assert (status, "3 judged now, 4 learners" in told) == (0, True)
    assert [(row["student"], row["total (of 5)"]) for row in gradebook()] == [
        ("'=cmd()", "0.0"),
        ("ann", "5.0"),
        ("ben", "0.0"),
        ("dan", "0.0"),
    ]
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    ben = results["students"][2]["exercises"]["x02"]["result"]
    assert ben["checks"][0]["outcome"] == "failed" and ben["checks"][0]["steps"]
    pages = {path: Page(path) for path in (tmp_path / "out").rglob("*.html")}
    assert len(pages) == 5
    for page in pages.values():
        page.stands_alone()
    assert "What happened in" in next(p.text for path, p in pages.items() if "ben" in path.name)
    assert "2 of 3" in pages[tmp_path / "out" / "summary.html"].text


def only(name):
    return lambda _folder, names: [one for one in names if one != name]


class Page(HTMLParser):
    """An HTML page, read for what everybody needs: a language, a title, names for pictures."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text = [], path.read_text()
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def stands_alone(self):
        names = [tag for tag, _ in self.tags]
        assert self.tags[0] == ("html", {"lang": "en"})
        assert names.count("h1") == names.count("main") == names.count("title") == 1
        assert not {"script", "link"} & set(names)
        assert names.count("table") == names.count("caption")
        for tag, attrs in self.tags:
            if tag == "img":
                assert attrs["alt"] and attrs["src"].startswith("data:image/png;base64,")
            if tag == "th":
                assert attrs["scope"] in ("row", "col")
            assert "://" not in attrs.get("href", "")


def test_only_what_has_changed_is_judged_again(run, hand_in, gradebook):
    hand_in("ann", NO_PYTHON)
    hand_in("ben", NO_PYTHON)
    assert "2 judged now" in run()[1]
    assert "0 judged now" in run()[1]
    hand_in("ben", NO_PYTHON + "# more\n")
    hand_in("cy", NO_PYTHON)
    assert "2 judged now, 3 learners" in run()[1]


def test_a_torn_line_loses_one_judgement_and_no_other(run, hand_in, tmp_path):
    hand_in("ann", NO_PYTHON)
    hand_in("ben", NO_PYTHON)
    run()
    path = tmp_path / "out" / FILE_NAME
    path.write_bytes(path.read_bytes()[:-20])
    assert "1 judged now" in run()[1]
    assert "0 judged now" in run()[1]


def test_a_grader_that_is_killed_loses_nothing(run, hand_in, tmp_path):
    hand_in("ann", NO_PYTHON)
    hand_in("ben", "import time\n\ndef serve(listener):\n    time.sleep(600)\n")
    hand_in("cy", NO_PYTHON)
    kept = tmp_path / "out" / FILE_NAME
    command = ["-m", "reactorkit", "grade", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    plan = ["--course", str(tmp_path / "course.toml"), "--jobs", "1"]
    with subprocess.Popen([sys.executable, *command, *plan]) as grader:
        end = time.monotonic() + 60
        while not (kept.is_file() and kept.read_bytes().endswith(b"\n")):
            assert grader.poll() is None and time.monotonic() < end
            time.sleep(0.01)  # the first one is judged now; nobody tells when a file grows
        grader.send_signal(signal.SIGKILL)  # while Ben's server keeps its judge waiting
    before = kept.read_bytes()
    assert before.count(b"\n") == 1
    hand_in("ben", NO_PYTHON)
    assert "2 judged now, 3 learners" in run()[1]
    assert kept.read_bytes().startswith(before)


HOLDS_IT_AND_FORKS = """
import os, pathlib, sys
from reactorkit.grading.classroom.store import alone
with alone(pathlib.Path(sys.argv[1])):
    if os.fork():
        print("held", flush=True)
    sys.stdin.read()
"""


def test_one_grader_at_a_time_and_a_child_of_a_killed_one_is_none(tmp_path):
    command = [sys.executable, "-c", HOLDS_IT_AND_FORKS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as grader:
        assert grader.stdout.readline() == b"held\n"
        with pytest.raises(KitError, match="Another grader is at work"), alone(tmp_path):
            pass
        grader.kill()
        grader.wait()
        with alone(tmp_path):  # its child is still there: it reads until stdin is closed
            pass


def test_late_is_less_and_much_too_late_is_nothing(run, hand_in, course, gradebook, tmp_path):
    course(
        "[late]\nper_day = 0.25\ndays = 2\ngrace_minutes = 60\n"
        '[[labs]]\nexercises = ["x02"]\nweight = 100\ndue = 2026-01-01T12:00:00Z\n'
    )
    due = 1767268800
    for name, late in (("ann", -9), ("ben", 3000), ("cy", 90_000), ("dan", 999_999)):
        hand_in(name, "def serve(listener):\n    pass\n")
        os.utime(tmp_path / "in" / name / "x02.py", (due + late, due + late))
    run()
    notes = [row["notes"] for row in gradebook()]
    assert notes[0] == ""
    assert ["100% of" in notes[1], "75% of" in notes[2], "0% of" in notes[3]] == [True] * 3
    assert "x02 (of 100)" in gradebook()[0]


def test_exports_carry_what_the_roster_has(run, hand_in, gradebook, tmp_path):
    hand_in("lovelaceada_7_8_x02", NO_PYTHON)
    shutil.move(
        tmp_path / "in" / "lovelaceada_7_8_x02" / "x02.py", tmp_path / "in/lovelaceada_7_8_x02.py"
    )
    (tmp_path / "in" / "lovelaceada_7_8_x02").rmdir()
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\n"
        "    Points Possible,,,,\n"
        '"Lovelace, Ada",7,s7,ada@x.org,A\n'
        '"Hopper, Grace",9,s9,grace@x.org,A\n'
    )
    run("--roster", roster)
    assert [row["name"] for row in gradebook()] == ["Lovelace, Ada", "Hopper, Grace"]
    assert gradebook()[1]["notes"] == "Nothing was handed in."
    assert gradebook("canvas.csv") == [
        entry("    Points Possible", "", "", "", "", "5.0"),
        entry("Lovelace, Ada", "7", "s7", "ada@x.org", "A", "0.0"),
        entry("Hopper, Grace", "9", "s9", "grace@x.org", "A", "0.0"),
    ]


def entry(*cells):
    header = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "x02")
    return dict(zip(header, cells, strict=True))


def test_moodle_gets_grades_and_feedback_by_participant(run, hand_in, gradebook, tmp_path):
    hand_in("Ada Lovelace_123_assignsubmission_file_", NO_PYTHON)
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "Identifier,Full name,Email address,Status,Grade,Maximum grade\n"
        "Participant 123,Ada Lovelace,ada@x.org,Submitted,-,100\n"
    )
    run("--roster", roster)
    (row,) = gradebook("moodle.csv")
    assert (row["Identifier"], row["Grade"]) == ("Participant 123", "0.0")
    assert "failed" in row["Feedback comments"]
