"""What a learner has tried: attempts, hints and solutions seen, in the journal beside predictions.

The journal (claims/journal.py) is only ever appended to, so no attempt is lost, whatever happens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from reactorkit.claims.journal import Record, journal
from reactorkit.grading.results import Result


@dataclass
class Tries:
    """What the journal tells about one exercise.

    best: the most points of any attempt. attempts: how many files were judged, equal ones once.
    opened: at how many attempts each level of hint was opened, in order.
    """

    best: float = 0.0
    max: float = 0.0
    passed: bool = False
    attempts: int = 0
    opened: list[int] = field(default_factory=list)
    last: str = ""  # the digest of the file that was judged last

    @property
    def may_open_another(self) -> bool:
        """Whether a hint may be opened: the first one always, the next after a new attempt."""
        return not self.opened or self.attempts > self.opened[-1]


def remember(result: Result, source: str) -> None:
    """Write an attempt down."""
    journal().append(
        "attempt",
        exercise=result.exercise,
        version=result.version,
        score=result.score,
        max=result.max,
        outcomes={one.id: one.outcome for one in result.checks},
        digest=digest(source),
        attempted=result.attempted,
    )


def digest(source: str) -> str:
    """Return what tells two files apart in the journal."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def open_hint(exercise_id: str, level: int) -> None:
    """Write down that a hint was opened."""
    journal().append("hint", exercise=exercise_id, level=level)


def tries() -> dict[str, Tries]:
    """Return what is known about every exercise that was tried."""
    return fold(journal().records())


def fold(records: Iterable[Record]) -> dict[str, Tries]:
    """Return the same from records; what is not understood is passed over."""
    found: dict[str, Tries] = {}
    for record in records:
        name, kind = record.get("exercise"), record.get("kind")
        if not isinstance(name, str):
            continue
        known = found.setdefault(name, Tries())
        if kind == "attempt":
            _attempt(known, record)
        elif kind == "hint":
            known.opened.append(known.attempts)
    return found


def _attempt(known: Tries, record: Record) -> None:
    score, most = record.get("score"), record.get("max")
    if not isinstance(score, int | float) or not isinstance(most, int | float):
        return
    if not record.get("attempted", True):  # the starter as it was
        return
    judged = str(record.get("digest", ""))
    if judged != known.last:
        known.attempts += 1
    known.last = judged
    known.best, known.max = max(known.best, float(score)), float(most)
    known.passed = known.passed or (score == most and most > 0)
