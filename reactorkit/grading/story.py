"""The story of one check: what each client did, what it expected, and what came instead."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

ACTION, EXPECTATION, INSTEAD = "action", "expectation", "instead"
MOST_STEPS = 200
PREVIEW = 40  # bytes
FEW = 6  # bytes


@dataclass(frozen=True)
class Step:
    """One line of the story.

    at: seconds since the check began. kind: ACTION (somebody did it), EXPECTATION (it was seen as
    expected) or INSTEAD (what was seen in its place; always the last one).
    """

    at: float
    kind: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Return the step as plain values."""
        return asdict(self)


class Unmet(Exception):
    """An expectation was not met: the submission's fault, and the end of the check.

    Arguments:
        expected, got: in words, each half a sentence.
        cause: the likely reason in one sentence, for the learner; empty when it is not known.
    """

    def __init__(self, expected: str, got: str, cause: str = "") -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected, self.got, self.cause = expected, got, cause
        self.explained = False  # blame.py has had its say


class Malformed(Unmet):
    """The file is not what can be judged: there is nothing to read again, and nothing to replay."""


class Story:
    """Steps in the order they happened. `clock` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self.steps: list[Step] = []

    @property
    def seconds(self) -> float:
        """Seconds since it began."""
        return self._clock() - self._began

    def action(self, text: str) -> None:
        """Somebody does something."""
        self._add(ACTION, text)

    def expectation(self, text: str) -> None:
        """Something was seen as it was expected."""
        self._add(EXPECTATION, text)

    def instead(self, text: str) -> None:
        """Something else was seen."""
        self._add(INSTEAD, text)

    def _add(self, kind: str, text: str) -> None:
        if len(self.steps) >= MOST_STEPS:  # keep how it began, and how it ended
            del self.steps[MOST_STEPS // 2]
        self.steps.append(Step(round(self.seconds, 3), kind, text))


def named(data: bytes) -> str:
    """Return bytes for people: text as Python writes it, others by number and how they begin."""
    begin = data[:PREVIEW]
    if len(data) > FEW and _is_noise(begin):
        return f"{len(data):,} bytes ({data[:FEW].hex(' ')} ...)"
    return repr(data) if len(data) <= PREVIEW else f"{len(data):,} bytes, {begin!r}..."


def _is_noise(data: bytes) -> bool:
    """Return whether these are hardly meant to be read; a character may be cut off at the end."""
    readable = data.decode("utf-8", "ignore").encode()
    return len(readable) < len(data) - 3
