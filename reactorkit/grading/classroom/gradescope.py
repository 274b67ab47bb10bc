"""Gradescope: a zip that it makes an autograder of, and the results in its format.

    python -m reactorkit export gradescope --out autograder.zip --course course.toml

The zip has the kit without solutions; its run_autograder comes here, in the container of one
submission. Being late is left to Gradescope, which knows when.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError
from reactorkit.grading import course as courses
from reactorkit.grading import submission
from reactorkit.grading.classroom import collect, handouts, run
from reactorkit.grading.classroom.run import Job
from reactorkit.grading.classroom.store import replace
from reactorkit.grading.course import Course
from reactorkit.grading.results import ERROR, FAILED, PASSED, CheckResult, story_lines
from reactorkit.grading.story import Step

NEEDS = ("psutil", "tqdm", "packaging")  # what judging loads besides the standard library
SETUP = """\
#!/usr/bin/env bash
# Runs once, when Gradescope builds the image.
set -eu
apt-get update
apt-get install -y python3.11 python3.11-venv bubblewrap
python3.11 -m venv /autograder/venv
/autograder/venv/bin/pip install {needs}
"""
RUN = """\
#!/usr/bin/env bash
# Runs for each submission.
set -eu
root="${AUTOGRADER_ROOT:-/autograder}"
export PYTHONPATH="$root/source/kit"
exec "${AUTOGRADER_PYTHON:-$root/venv/bin/python}" -P -m reactorkit.grading.classroom.gradescope \\
    "$root/submission" "$root/results/results.json" "$root/source/course.toml"
"""


def write_zip(path: Path, course: Path | None) -> None:
    """Write what Gradescope unpacks to /autograder/source."""
    needs = " ".join(f"{name}=={importlib.metadata.version(name)}" for name in NEEDS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        _program(archive, "setup.sh", SETUP.format(needs=needs))
        _program(archive, "run_autograder", RUN)
        if course is not None:
            archive.write(course, "course.toml")
        for file in _kit():
            archive.write(file, Path("kit", file.relative_to(handouts.ROOT)))


def _program(archive: zipfile.ZipFile, name: str, text: str) -> None:
    info = zipfile.ZipInfo(name, time.localtime()[:6])
    info.external_attr = 0o100755 << 16
    archive.writestr(info, text)


def _kit() -> Iterator[Path]:
    """Yield every file that judging needs: the package, and the starters."""
    yield from handouts.package("demo")
    yield from sorted(submission.EXERCISES.glob("*.ipynb"))


# ------------------------------------------------------------- in the container


def results(course: Course, top: Path) -> dict[str, Any]:
    """Judge one submission, and return what Gradescope reads from results.json.

    Raises KitError when a judge failed: then there are no results, and Gradescope tells the
    instructor, rather than the learner a number.
    """
    began = time.monotonic()
    learner = collect.of_one(top, course.exercises)
    jobs = [Job(one, learner.key, answer) for one, answer in learner.answers.items()]
    records = {record["exercise"]: record for record in run.run(jobs, 1)}
    tests: list[dict[str, Any]] = []
    for exercise in course.exercises:
        record = records.get(exercise)
        if record is None:
            learner.notes.append(f"{exercise}: nothing was handed in.")
        elif record["result"] is None:
            raise KitError(f"{exercise} could not be judged. {record['problem']}")
        tests += _tests(course, exercise, record["result"] if record else {"checks": []})
    return {
        "score": round(sum(test["score"] for test in tests), 2),
        "output": "\n".join(learner.notes),
        "execution_time": round(time.monotonic() - began, 1),
        "tests": tests,
    }


def _tests(course: Course, exercise: str, result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    scale = course.lab(exercise).scale
    for told in result["checks"]:
        check = CheckResult(**{**told, "steps": [Step(**step) for step in told["steps"]]})
        story = story_lines(check) if check.outcome in (FAILED, ERROR) else [check.cause]
        yield {
            "name": f"{exercise}: {check.title}",
            "score": round(check.points * scale, 2),
            "max_score": round(check.max * scale, 2),
            "status": "passed" if check.outcome == PASSED else "failed",
            "output": "\n".join(line for line in story if line),
            "visibility": "visible",
        }


def main(argv: Sequence[str]) -> int:
    """Judge the submission in one folder; arguments: it, results.json, course.toml if there is."""
    top, out, plan = map(Path, argv)
    course = courses.load(plan) if plan.is_file() else courses.whole()
    try:
        replace(out, json.dumps(results(course, top), indent=2))
    except KitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
