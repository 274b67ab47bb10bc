"""Judge one submission: every check in its order, each with a process of its own, and a story."""

from __future__ import annotations

import importlib
import random
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from reactorkit import __version__
from reactorkit.grading import submission as submissions
from reactorkit.grading.catalog import Check, Exercise
from reactorkit.grading.desk import ClientStage
from reactorkit.grading.functions import FunctionStage
from reactorkit.grading.isolation import Isolation, best
from reactorkit.grading.results import (
    ERROR,
    FAILED,
    PASSED,
    SKIPPED,
    UNATTEMPTED,
    CheckResult,
    Result,
)
from reactorkit.grading.stage import ServerStage
from reactorkit.grading.story import Malformed, Story, Unmet
from reactorkit.grading.submission import Submission

STAGES: dict[str, type[ServerStage] | type[FunctionStage] | type[ClientStage]] = {
    "server": ServerStage,
    "functions": FunctionStage,
    "client": ClientStage,
}
Progress = Callable[[Iterable[Check]], Iterable[Check]]


def judge(
    exercise: Exercise,
    submission: Submission,
    *,
    isolation: Isolation | None = None,
    seed: int | None = None,
    progress: Progress = iter,
) -> Result:
    """Run every check of an exercise on a submission; never raises for what a submission does.

    Arguments:
        seed: what is random in the scenarios; another one each time when it is None.
        progress: goes through the checks, and may show how far it is.
    """
    began = time.monotonic()
    isolation = isolation or best()
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    found: dict[str, CheckResult] = {}
    whole = _about_the_whole(submission)
    for number, check in enumerate(progress(exercise.checks)):
        missing = [found[one].title for one in check.after if found[one].outcome != PASSED]
        if whole is not None:
            outcome, got, cause, expected = whole
            if outcome == FAILED and number > 0:  # one fault, told once
                found[check.id] = _result(check, SKIPPED, cause="Python has to read the file first")
            else:
                found[check.id] = _result(check, outcome, got, cause, expected=expected)
        elif missing:
            why = f"“{missing[0]}” has to pass first"
            found[check.id] = _result(check, SKIPPED, cause=why, hint=check.read)
        else:
            judgement = Judgement(exercise, check, isolation, f"{seed}/{number}")
            found[check.id] = judgement.verdict(submission)
    return Result(
        exercise=exercise.id,
        title=exercise.title,
        version=__version__,
        checks=tuple(found.values()),
        file=submission.origin,
        isolation=isolation.name,
        seconds=time.monotonic() - began,
    )


def _about_the_whole(submission: Submission) -> tuple[str, str, str, str] | None:
    """Return outcome, what there is, why, and what was expected, when no check need run."""
    if submission.unchanged:
        return UNATTEMPTED, "the file as it was handed out", "Fill in what the notebook marks.", ""
    if error := submissions.syntax_error(submission):
        expected = "a file that Python can read"
        return FAILED, error, "Python stops before the first line runs.", expected
    return None


@dataclass(frozen=True)
class Judgement:
    """One check of an exercise, with all that is random in it fixed by the seed."""

    exercise: Exercise
    check: Check
    isolation: Isolation
    seed: str

    def verdict(self, submission: Submission) -> CheckResult:
        """Judge a submission, and find out whose fault it is when the check itself stumbles.

        It may have been the machine's, so it is tried once more. If the check stumbles again, but
        not over an answer of ours, it stumbles over what this submission does: that is no way to
        points. Otherwise the fault is the check's.
        """
        result = self._once(submission)
        if result.outcome == ERROR:
            result = self._once(submission)
        if result.outcome == ERROR and self._passes_with_ours():
            stumbled = result.got.strip().splitlines()[-1]
            return _result(
                self.check,
                FAILED,
                f"the check stumbles over an answer of another kind: {stumbled}",
                "With an answer of ours the same check passes. Look at what each function returns.",
                expected="what the exercise asks for",
                steps=result.steps,
                hint=self.check.read,
            )
        return result

    def _passes_with_ours(self) -> bool:
        solution = self.exercise.solution
        if solution is None:  # a copy for learners
            return False
        ours = Submission(solution.read_text(encoding="utf-8"), solution.name, solution)
        return self._once(ours).outcome == PASSED

    def _once(self, submission: Submission) -> CheckResult:
        check, story, rng = self.check, Story(), random.Random(self.seed)
        function = function_of(self.exercise, check)
        options: dict[str, Any] = {"descriptors": check.descriptors} if check.descriptors else {}
        stages = STAGES[self.exercise.kind]
        try:
            with stages(submission.source, story, self.isolation, rng, **options) as stage:
                try:
                    function(stage)
                except Unmet as unmet:
                    raise stage.blamed(unmet) from None
        except Unmet as unmet:
            story.instead(unmet.got)
            hint = "" if isinstance(unmet, Malformed) else check.read
            return _result(
                check,
                FAILED,
                unmet.got,
                unmet.cause,
                expected=unmet.expected,
                steps=tuple(story.steps),
                hint=hint,
            )
        except Exception:  # noqa: BLE001 - a fault of ours, and it is reported as ours
            return _result(
                check,
                ERROR,
                traceback.format_exc(limit=-3),
                "This is a fault of the check, not of your answer: it costs no points. Please "
                "report it.",
                steps=tuple(story.steps),
            )
        return _result(check, PASSED, steps=tuple(story.steps))


def function_of(exercise: Exercise, check: Check) -> Callable[[Any], None]:
    """Return the function that runs a check."""
    module = importlib.import_module(f"reactorkit.grading.checks.{exercise.id}")
    function: Callable[[Any], None] = getattr(module, check.id)
    return function


def _result(
    check: Check,
    outcome: str,
    got: str = "",
    cause: str = "",
    **more: Any,
) -> CheckResult:
    return CheckResult(
        id=check.id,
        title=check.title,
        outcome=outcome,
        points=check.points if outcome in (PASSED, ERROR) else 0,
        max=check.points,
        got=got,
        cause=cause,
        **more,
    )
