"""Run the experiment of a claim: ask first, run cleanly, judge, and write the outcome down.

Nothing that an experiment starts outlives it, however it ends. A noisy machine gets two more
tries before the answer is NOT DECIDABLE HERE.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

from reactorkit.claims import model, verdicts
from reactorkit.claims.journal import journal
from reactorkit.claims.model import AuthorError, Claim
from reactorkit.claims.outcome import Notice, Outcome, Result
from reactorkit.claims.progress import here
from reactorkit.claims.world import Evidence, Finding, Progress, Stopped, World
from reactorkit.course import lesson_at
from reactorkit.errors import KitError, nearest

__all__ = ["Evidence", "Finding", "Notice", "Outcome", "World", "experiment", "main"]

ATTEMPTS = 3
LONGEST = 20  # seconds

Experiment = Callable[[World], Evidence]

_one_at_a_time = threading.Lock()


def experiment(claim_id: str) -> Outcome | Notice:
    """Run the experiment that decides this claim, and return what it showed.

    Arguments:
        claim_id: "C13"; claims that share an experiment are all decided by it.

    Returns an Outcome, or a Notice (which is falsy) when nothing ran: a prediction is missing,
    another experiment is running, or the claim cannot be measured.
    Raises KitError for an unknown claim, or when the machine did not let the experiment finish.
    """
    outcome = run(model.get(claim_id), here())
    if isinstance(outcome, Outcome) and "ipykernel" in sys.modules:
        _ = outcome.picture  # drawn here, so that a fault of the drawing is the cell's error
    return outcome


def run(
    claim: Claim, progress: Progress, stop_request: threading.Event | None = None
) -> Outcome | Notice:
    """Run the experiment of `claim`, showing how far it is through `progress`."""
    claims = model.sharing(claim)
    if notice := _nothing_to_run(claim) or _prediction_missing(claims) or _wrong_platform(claims):
        return notice
    if not _one_at_a_time.acquire(blocking=False):
        return Notice("Another experiment is still running. Run this one when it has ended.")
    try:
        return _run(claim, claims, progress, stop_request)
    except (KeyboardInterrupt, Stopped):
        return Notice(f"{claim.id}: stopped. Nothing is left running from it.")
    except (OSError, TimeoutError) as error:
        raise KitError(
            f"The experiment of {claim.id} could not finish: {error}. Nothing is left running "
            "from it. Run it again; `python -m reactorkit doctor` tells what the machine lacks."
        ) from error
    finally:
        _one_at_a_time.release()


def autopredict() -> bool:
    """Return whether REACTORKIT_AUTOPREDICT=1 answers by itself (the test runs set it)."""
    return os.environ.get("REACTORKIT_AUTOPREDICT") == "1"


def function_of(claim: Claim) -> Experiment:
    """Return the experiment of a claim; AuthorError when its module has no such function."""
    name = f"reactorkit.claims.experiments.nb{claim.notebook:02d}"
    module = importlib.import_module(name)
    found = getattr(module, claim.experiment, None)
    if not callable(found):
        raise AuthorError(
            f"{claim.id}: {name} has no experiment {claim.experiment!r}."
            f"{nearest(claim.experiment, dir(module))}"
        )
    return found  # type: ignore[no-any-return]


def _nothing_to_run(claim: Claim) -> Notice | None:
    if claim.kind == "citation":
        return Notice(
            f"{claim.id} is history: there is nothing to measure, only sources to read.",
            [claim.claim, claim.answer, "Sources: " + "; ".join(claim.sources)],
        )
    if not claim.experiment:
        lesson = lesson_at(claim.notebook)
        return Notice(
            f"{claim.id} gets its experiment with lesson {lesson.number:02d}, "
            f"“{lesson.title}”, which is still to come."
        )
    return None


def _prediction_missing(claims: Sequence[Claim]) -> Notice | None:
    known = journal().histories()
    missing = [
        each
        for each in claims
        if each.gate and (each.id not in known or known[each.id].latest is None)
    ]
    if missing and autopredict():
        for each in missing:
            journal().predict(each.id, each.options[0].key, auto=True)
        return None
    if not missing:
        return None
    return Notice(
        f"Predict above, then run me again. Your answer is missing for "
        f"{' and '.join(each.id for each in missing)}.",
        [f'predict("{each.id}")  {each.question}' for each in missing],
    )


def _wrong_platform(claims: Sequence[Claim]) -> Notice | None:
    if any(claim.decidable_here for claim in claims):
        return None
    names = sorted({name for claim in claims for name in claim.platform})
    return Notice(
        f"{verdicts.UNDECIDABLE}: this can only be measured on {' or '.join(names)}.",
        [f"{claim.id}: {claim.answer}" for claim in claims],
    )


def _run(
    claim: Claim,
    claims: Sequence[Claim],
    progress: Progress,
    stop_request: threading.Event | None,
) -> Outcome:
    """Run the experiment, again when noise spoilt it, and write the outcome down."""
    started = time.monotonic()
    function = function_of(claim)

    def attempt() -> tuple[World, Evidence, list[Claim]]:
        with World(progress, stop_request) as world:
            evidence = function(world)
        _check_findings(claim, claims, evidence)
        return world, evidence, [each for each in claims if _doubtful(each, evidence, world)]

    attempts = 1
    world, evidence, doubtful = attempt()
    while doubtful and attempts < ATTEMPTS:
        attempts += 1
        world, evidence, doubtful = attempt()
    outcome = Outcome(
        name=f"nb{claim.notebook:02d}.{claim.experiment}",
        results=[_result(each, evidence, each in doubtful, world) for each in claims],
        evidence=evidence,
        seconds=time.monotonic() - started,
        notes=tuple(world.notes),
        attempts=attempts,
        scale=world.scale,
    )
    _remember(outcome)
    _warn_if_long(outcome)
    return replace(outcome, notice=journal().notice)


def _warn_if_long(outcome: Outcome) -> None:
    """Tell the author, in test runs, of an experiment that outlasts a learner's patience."""
    seconds = outcome.seconds / outcome.attempts
    if seconds > LONGEST and "PYTEST_CURRENT_TEST" in os.environ:
        warnings.warn(
            f"The experiment {outcome.name} took {seconds:.0f} s; {LONGEST} s is the limit.",
            stacklevel=2,
        )


def _check_findings(claim: Claim, claims: Sequence[Claim], evidence: Evidence) -> None:
    """An experiment answers for exactly the claims that name it."""
    expected, got = {each.id for each in claims}, set(evidence.findings)
    if expected != got:
        raise AuthorError(
            f"The experiment {claim.experiment!r} of notebook {claim.notebook:02d} has to find "
            f"about {', '.join(sorted(expected))}, and found about "
            f"{', '.join(sorted(got)) or 'nothing'}."
        )


def _doubtful(claim: Claim, evidence: Evidence, world: World) -> bool:
    """A result against our verdict, taken while the machine was busy, proves nothing."""
    return (
        claim.load_sensitive and evidence.findings[claim.id].met is False and world.noise.disturbed
    )


def _result(claim: Claim, evidence: Evidence, doubtful: bool, world: World) -> Result:
    finding = evidence.findings[claim.id]
    if doubtful:
        finding = replace(finding, met=None, why=world.noise.sentence)
    elif not claim.decidable_here:
        only = f"This can only be measured on {' or '.join(claim.platform)}."
        finding = replace(finding, met=None, why=finding.why or only)
    answer = journal().history(claim.id).latest or ""
    return Result(claim, finding, verdicts.verdict(claim, finding.met), answer)


def _remember(outcome: Outcome) -> None:
    for result in outcome.results:
        journal().append(
            "outcome",
            claim=result.claim.id,
            experiment=outcome.name,
            met=result.finding.met,
            words=result.verdict.words,
            measured=result.finding.measured,
            why=result.finding.why,
            prediction=result.answer,
            seconds=round(outcome.seconds, 3),
            scale=outcome.scale,
            attempts=outcome.attempts,
            notes=list(outcome.notes),
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one claim's experiment in a terminal: `python -m reactorkit claim C13`."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit claim", description="Predict, then run a claim's experiment."
    )
    parser.add_argument("claim", help="the claim's id, for instance C13")
    parser.add_argument("--answer", help="your prediction: a key, or ? for: just show me")
    arguments = parser.parse_args(argv)
    try:
        claim = model.get(arguments.claim)
        _answer(claim, arguments.answer)
        result = experiment(claim.id)
    except KitError as error:
        print(error, file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print("No prediction was made, and nothing was run.", file=sys.stderr)
        return 1
    print(result.text())
    return 0 if isinstance(result, Outcome) else 1


def _answer(claim: Claim, answer: str | None) -> None:
    """Store the answer given, or ask for one when somebody sits at the terminal."""
    from reactorkit.claims.predict import question_text, store

    if answer is not None:
        store(claim, answer)
        return
    asked = claim.gate and journal().history(claim.id).latest is None and not autopredict()
    if not asked or not sys.stdin.isatty():
        return
    print(question_text(claim))
    while True:
        try:
            store(claim, input("Your prediction: "))
        except KitError as error:
            print(error)
        else:
            return
