"""The zip for Gradescope, unpacked and run as Gradescope does."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from reactorkit.grading.classroom.export import export

RIGHT = Path(__file__).resolve().parent.parent / "submissions" / "x02" / "right_threads.py"


def built(tmp_path):
    """Unpack an autograder of x02, worth 50 points, where Gradescope would."""
    course = tmp_path / "course.toml"
    course.write_text('[[labs]]\nexercises = ["x02"]\nweight = 50\n')
    path = tmp_path / "autograder.zip"
    assert export(["gradescope", "--out", str(path), "--course", str(course)]) == 0
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "source")
        for name in ("setup.sh", "run_autograder"):
            assert archive.getinfo(name).external_attr >> 16 & 0o111
            (tmp_path / "source" / name).chmod(0o755)
    (tmp_path / "results").mkdir()
    (tmp_path / "submission").mkdir()


def autograde(tmp_path):
    places = {"AUTOGRADER_ROOT": str(tmp_path), "AUTOGRADER_PYTHON": sys.executable}
    program = str(tmp_path / "source" / "run_autograder")
    subprocess.run([program], env={**os.environ, **places}, cwd=tmp_path, check=True)
    return json.loads((tmp_path / "results" / "results.json").read_text())


def test_a_right_answer_gets_all_points(tmp_path):
    built(tmp_path)
    (tmp_path / "submission" / "x02.py").write_bytes(RIGHT.read_bytes())
    found = autograde(tmp_path)
    assert found["score"] == 50
    assert {test["status"] for test in found["tests"]} == {"passed"}
    assert sum(test["max_score"] for test in found["tests"]) == 50


def test_a_wrong_answer_gets_its_reason_and_an_empty_one_a_note(tmp_path):
    built(tmp_path)
    assert autograde(tmp_path)["output"] == "x02: nothing was handed in."
    (tmp_path / "submission" / "my server.py").write_text("def server(listener):\n    pass\n")
    found = autograde(tmp_path)
    assert found["score"] == 0
    assert "defines no function serve" in found["tests"][0]["output"]


def test_no_solution_is_in_the_zip(tmp_path):
    built(tmp_path)
    assert not list((tmp_path / "source").rglob("solutions"))
    assert (tmp_path / "source" / "kit" / "exercises" / "x02_thread_echo.ipynb").is_file()
