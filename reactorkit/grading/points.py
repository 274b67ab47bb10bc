"""An answer's points as a number: what the test cell of an nbgrader notebook ends with.

nbgrader takes the cell's result for the points. An error, or a word on standard error, brings none;
anything that is no number, and nothing at all, brings all of them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from reactorkit.errors import KitError
from reactorkit.grading import catalog, notebook, submission
from reactorkit.grading.judge import judge
from reactorkit.grading.results import ERROR
from reactorkit.grading.shown import Shown
from reactorkit.lab import workspace

OUR_FAULT = """\
The check itself failed, not the answer, so there is no grade. Run nbgrader autograde again, and
report it if this stays.
{0}
"""


def points(exercise_id: str, of: float | None = None) -> float:
    """Judge an answer, show what `check` shows, and return its points.

    A learner's own file is judged, as `check` does. While nbgrader runs, it is the notebook as it
    was handed in: a file in work/ might be somebody else's.

    Arguments:
        exercise_id: for instance "x02".
        of: what all checks together are worth; as the catalogue says if left out.

    Raises KitError when there is nothing to judge, or when the check itself failed. In the latter
    case autograding ends the kernel, since nbgrader would count the error as no points: it reports
    the submission as not graded instead.
    """
    from IPython.display import display

    graded = workspace.NBGRADER in os.environ
    shown = _of_notebook(exercise_id) if graded else notebook.check(exercise_id)
    result = shown.result
    of = result.max if of is None else of
    earned = min(of, round(of * result.score / result.max, 2))
    if of != result.max:
        shown.notes = (*shown.notes, f"That is worth {earned:g} of {of:g} points here.")
    # nbgrader keeps what is shown as a page: no button works there.
    page = {"text/plain": shown.text(), "text/html": shown._repr_html_()}
    display(page if graded else shown, raw=graded)  # type: ignore[no-untyped-call]
    faults = [one.got for one in result.checks if one.outcome == ERROR]
    if faults:
        _our_fault(faults[0])
    return earned


def _of_notebook(exercise_id: str) -> Shown:
    """Judge the notebook that nbgrader runs: it lies in the current folder, under its own name."""
    exercise = catalog.get(exercise_id)
    given = submission.read(exercise, Path(exercise.notebook_name))
    return Shown(judge(exercise, given), given)


def _our_fault(what: str) -> None:
    sentence = OUR_FAULT.format(what.rstrip())
    if os.environ.get(workspace.NBGRADER) == "autograde":
        try:
            os.write(_terminal(), sentence.encode())
        finally:
            os._exit(1)
    raise KitError(sentence)


def _terminal() -> int:
    """Return the descriptor of nbgrader's own standard error.

    What a kernel prints goes into the notebook, which nbgrader then throws away; the kernel's
    stream still knows the terminal, if it has taken its place (ipykernel.iostream.OutStream).
    """
    try:
        return sys.stderr.fileno()
    except OSError:  # io.UnsupportedOperation: it has not
        return 2
