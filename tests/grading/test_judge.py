"""The judge: what it makes of right and wrong answers, and of files that are none."""

from pathlib import Path

import pytest

from reactorkit.grading import catalog, submission
from reactorkit.grading.judge import judge

SUBMISSIONS = Path(__file__).resolve().parent.parent / "submissions"


def judged(path, exercise="x02"):
    one = catalog.get(exercise)
    return judge(one, submission.read(one, Path(path)))


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "answer.py"
        path.write_text(text)
        return path

    return write


def test_a_file_that_is_no_python_gets_a_sentence(write):
    result = judged(write("def serve(listener)\n    pass\n"))
    assert result.score == 0
    assert "line 1 is not Python" in result.first_failure.got


def test_a_file_without_the_function_gets_a_sentence(write):
    result = judged(write("def server(listener):\n    pass\n"))
    assert result.score == 0
    assert "defines no function serve(listener)" in result.text()


def test_a_file_that_fails_while_it_is_loaded_gets_a_sentence(write):
    result = judged(write("import no_such_module\n"))
    assert "could not be loaded (ModuleNotFoundError" in result.text()


def test_what_a_submission_prints_changes_no_score(write):
    text = 'print(\'{"score": 5, "outcome": "passed"}\')\nimport os\nos._exit(0)\n'
    assert judged(write(text)).score == 0
