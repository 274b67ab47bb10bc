"""Node's own test runner over tests/view_js; each file there is one test here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from javascript import node

FOLDER = Path(__file__).parent.parent / "view_js"
ROOT = FOLDER.parent.parent
FILES = sorted(FOLDER.glob("*.test.mjs"))


def test_there_are_tests_in_javascript():
    assert len(FILES) >= 3


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_javascript(path):
    assert node(), "There is no Node.js: install requirements-test.txt."
    done = subprocess.run(
        [node(), "--test", "--test-reporter=spec", str(path)],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, "REACTORKIT_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
