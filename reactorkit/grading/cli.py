"""The commands for exercises: `python -m reactorkit check x02 my_server.py`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from reactorkit.errors import KitError
from reactorkit.grading import catalog, submission
from reactorkit.grading.judge import judge
from reactorkit.lab import workspace


def check(argv: Sequence[str] | None = None) -> int:
    """Judge one file; returns 0 when every check has passed, 1 when not."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit check",
        description="Check your answer to an exercise: what passed, and what happened where not.",
    )
    parser.add_argument("exercise", help="for instance x02")
    parser.add_argument("file", nargs="?", help="a .py file or a notebook (work/x02.py)")
    parser.add_argument("--json", action="store_true", help="for programs: the whole result")
    arguments = parser.parse_args(argv)
    exercise = catalog.get(arguments.exercise)
    path = Path(arguments.file) if arguments.file else workspace.work() / exercise.file_name
    if not path.is_file():
        raise KitError(f"There is no file {path}. Name the one that holds your answer.")
    given = submission.read(exercise, path)
    result = judge(
        exercise,
        given,
        progress=lambda checks: tqdm(checks, desc=exercise.id, disable=None, leave=False),
    )
    print(json.dumps(result.as_dict(), indent=2) if arguments.json else result.text())
    return 0 if result.passed else 1
