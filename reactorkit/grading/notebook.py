"""What a learner uses in a notebook: %%exercise, check, hint, solution.

%%exercise x02          the first line of the answer's cell: running it writes work/x02.py
check("x02")            judges that file
hint("x02")             the next hint, after each new attempt
solution("x02")         after a pass, or after the last hint and three attempts
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError
from reactorkit.grading import attempts, catalog, course, submission
from reactorkit.grading.catalog import Check, Exercise
from reactorkit.grading.judge import judge
from reactorkit.grading.results import Result
from reactorkit.grading.shown import Shown
from reactorkit.grading.submission import Submission
from reactorkit.lab import workspace
from reactorkit.lab.sources import Source

ATTEMPTS_BEFORE_SOLUTION = 3
DIFFERS = (
    "The cell in your notebook differs from the file that was judged. Run the cell, then check "
    "again."
)
SAME = (
    "This is the same answer as in your last check. If you have edited the cell since, run it, "
    "then check again."
)


def check(exercise_id: str, file: str | os.PathLike[str] | None = None) -> Shown:
    """Judge your answer to an exercise, and show what passed and what happened where not.

    Arguments:
        file: the file to judge; work/x02.py, which the answer's cell writes, if left out.

    Raises KitError when there is no such exercise or no such file.
    """
    exercise = catalog.get(exercise_id)
    path = Path(file) if file is not None else workspace.work() / exercise.file_name
    if not path.is_file():
        raise KitError(
            f"There is no file {_short(path)} yet. Run the cell that begins with "
            f"%%exercise {exercise.id}: it writes your answer there."
        )
    given = submission.read(exercise, path, _short(path))
    notes = _unsaved(exercise, given, attempts.tries().get(exercise.id)) if file is None else []
    result = judge(exercise, given, progress=lambda checks: _progress(exercise, checks))
    attempts.remember(result, given.source)
    return Shown(result, given, notes, tries=attempts.tries().get(exercise.id))


def hint(exercise_id: str) -> str:
    """Return the hints that are open, the next one too if there was an attempt since the last."""
    exercise = catalog.get(exercise_id)
    known = attempts.tries().get(exercise.id, attempts.Tries())
    shown = len(known.opened)
    if shown < len(exercise.hints) and known.may_open_another:
        attempts.open_hint(exercise.id, shown)
        shown += 1
        after = ""
    elif shown < len(exercise.hints):
        after = "Try something with this first, and check it: then there is more to say."
    else:
        after = "That is all there is to say without writing it for you."
    return _Text("\n\n".join([*exercise.hints[:shown], after]).strip())


def solution(exercise_id: str, *, give_up: bool = False) -> Source:
    """Return a solution, once yours has passed, or once you have tried and say so.

    Arguments:
        give_up: show it though yours has not passed; that takes all hints and three attempts.

    Raises KitError with what there is to do before.
    """
    exercise = catalog.get(exercise_id)
    known = attempts.tries().get(exercise.id, attempts.Tries())
    path = exercise.solution
    if path is None:
        raise KitError(
            f"This copy of the course has no solution of {exercise.id}. "
            f'hint("{exercise.id}") helps on, and so does whoever gave you the course.'
        )
    if not known.passed:
        if not course.current().give_up:
            raise KitError(
                f"In this course the solution of {exercise.id} opens once yours has passed. "
                f'hint("{exercise.id}") helps on.'
            )
        _refuse_unless_tried(exercise, known, give_up)
    return Source(f"{exercise.id}: one solution", path.read_text(encoding="utf-8"))


def _refuse_unless_tried(exercise: Exercise, known: attempts.Tries, give_up: bool) -> None:
    missing = ATTEMPTS_BEFORE_SOLUTION - known.attempts
    if len(known.opened) < len(exercise.hints) or missing > 0:
        raise KitError(
            f"The solution of {exercise.id} is open once yours has passed. Until then there is "
            f'hint("{exercise.id}"), again after each attempt.'
        )
    if not give_up:
        raise KitError(
            f'solution("{exercise.id}", give_up=True) shows it. Take one more look at the story '
            "of the first check that failed before you do."
        )


class _Text(str):
    """A text that shows itself as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _progress(exercise: Exercise, checks: Iterable[Check]) -> Iterator[Check]:
    from tqdm import tqdm

    yield from tqdm(checks, desc=exercise.id, leave=False, disable=None)


def _unsaved(exercise: Exercise, given: Submission, known: attempts.Tries | None) -> list[str]:
    """Return a warning when the answer's cell may have been edited and not run since.

    The kernel does not see such cells. But the server tells it which notebook it belongs to
    (JPY_SESSION_NAME), and JupyterLab saves that every few seconds. What is saved may be older than
    the edit; then we know only that the file is the one that we have judged before.
    """
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))
    if _saved_since(notebook, given.path):
        try:
            saved = submission.read(exercise, notebook)
        except KitError:  # another notebook, without this exercise
            pass
        else:
            if saved.source.strip() != given.source.strip():
                return [DIFFERS]
    if known is not None and not known.passed and known.last == attempts.digest(given.source):
        return [SAME]
    return []


def _saved_since(notebook: Path, file: Path) -> bool:
    """Return whether the notebook on disk is newer than the file that its cell has written."""
    if notebook.suffix != ".ipynb" or not notebook.is_file():
        return False
    return notebook.stat().st_mtime > file.stat().st_mtime


# ------------------------------------------------------------------- the magic


def write_answer(line: str, cell: str) -> None:
    """Write the answer's cell to its file, as `%%exercise x02` does; an earlier one is kept."""
    exercise = catalog.get(line.strip())
    path = workspace.work() / exercise.file_name
    text = cell if cell.endswith("\n") else cell + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        _keep(path)
    path.write_text(text, encoding="utf-8")
    print(f'Written to {_short(path)}. Next: check("{exercise.id}")')


def _keep(path: Path) -> None:
    """Move an earlier answer to the next free number in work/earlier."""
    folder = path.parent / "earlier"
    folder.mkdir(exist_ok=True)
    number = 1
    while (kept := folder / f"{path.stem}.{number}.py").exists():
        number += 1
    path.rename(kept)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(workspace.root()))
    except ValueError:
        return str(path)


def register_magic() -> None:
    """Make %%exercise known to the IPython that runs, if one does."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell: Any = get_ipython()
    if shell is not None:
        shell.register_magic_function(write_answer, "cell", "exercise")


register_magic()


def as_json(result: Result) -> str:
    """Return a result as the contract of `check --json` has it."""
    return json.dumps(result.as_dict(), indent=2)
