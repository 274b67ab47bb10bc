"""How long judging takes: each kept solution once, and a class that hands in one exercise.

    python benchmarks/grading_speed.py [--learners 100] [--jobs 3]

Figures are this machine's; on a busy one they are worth nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from reactorkit.grading import catalog, submission
from reactorkit.grading.classroom.cli import at_once, grade
from reactorkit.grading.judge import judge

ONE = "x06"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=at_once())
    given = parser.parse_args()
    solutions()
    a_class(given.learners, given.jobs)


def solutions() -> None:
    """Judge every solution once."""
    seconds = []
    for exercise in catalog.catalog().values():
        path = exercise.solution
        if path is not None:
            result = judge(exercise, submission.read(exercise, path))
            seconds.append(result.seconds)
            outcome = "passed" if result.passed else "NOT PASSED"
            print(f"{exercise.id:<5} {result.seconds:6.1f} s  {outcome}")
    print(f"a right solution, median: {statistics.median(seconds):.1f} s")


def a_class(learners: int, jobs: int) -> None:
    """Grade a class in which everybody hands in the same right solution."""
    solution = catalog.get(ONE).solution
    assert solution is not None, "a copy for learners has no solutions to measure with"
    with tempfile.TemporaryDirectory(prefix="reactorkit-speed-") as name:
        top = Path(name)
        for number in range(learners):
            folder = top / "in" / f"learner{number:03}"
            folder.mkdir(parents=True)
            (folder / f"{ONE}.py").write_bytes(solution.read_bytes())
        began = time.monotonic()
        grade([str(top / "in"), "--out", str(top / "out"), "--jobs", str(jobs)])
        took = time.monotonic() - began
    print(f"{learners} submissions of {ONE}, {jobs} at once: {took:.0f} s")


if __name__ == "__main__":
    main()
