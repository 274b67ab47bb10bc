"""`python -m reactorkit export SYSTEM`: the checks of a course, for another system to run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from reactorkit.grading import course as courses
from reactorkit.grading.classroom import gradescope, nbgrader

ABOUT = """\
gradescope  OUT is a zip: an autograder that Gradescope runs.
nbgrader    OUT is nbgrader's course folder: source notebooks, an assignment for each lab.
"""


def export(argv: Sequence[str] | None = None) -> int:
    """Write what another system needs; says what was written."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit export",
        description="Write the checks of a course for another system to run.",
        epilog=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("system", choices=["gradescope", "nbgrader"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--course", type=Path, metavar="course.toml", help="what counts")
    parser.add_argument("--force", action="store_true", help="nbgrader: write over other notebooks")
    given = parser.parse_args(argv)
    plan = courses.load(given.course) if given.course else courses.whole()
    if given.system == "gradescope":
        gradescope.write_zip(given.out, given.course)
        print(f"Written to {given.out}: {', '.join(plan.exercises)}, {plan.max:g} points.")
    else:
        print("\n".join(nbgrader.export(given.out, plan, force=given.force)))
    return 0
