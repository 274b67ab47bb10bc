"""The journal: every prediction and every outcome, one JSON object a line, only ever appended.

It lives in `work/journal.jsonl` and survives restarts and newer versions of the kit: a reader
skips kinds it does not know and a last line that a crash cut short. A journal that cannot be
written costs nothing but its permanence: the records stay in memory, and a notice says so.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

VERSION = 1

Record = dict[str, Any]


@dataclass
class History:
    """What the journal tells about one claim.

    `rounds` holds one entry per round: a round begins with the first prediction after an
    outcome, and an answer may change until the outcome of its round exists.
    """

    predictions: list[Record] = field(default_factory=list)
    outcomes: list[Record] = field(default_factory=list)
    round: int = 1
    settled: bool = False

    @property
    def first(self) -> str | None:
        """The first answer ever given, or None."""
        return self.predictions[0]["answer"] if self.predictions else None

    @property
    def latest(self) -> str | None:
        """The answer in force, or None."""
        return self.predictions[-1]["answer"] if self.predictions else None

    @property
    def outcome(self) -> Record | None:
        """The newest outcome, or None."""
        return self.outcomes[-1] if self.outcomes else None


def fold(records: Iterable[Record]) -> dict[str, History]:
    """Return the history of every claim that `records` speak of; unknown kinds are passed over."""
    histories: dict[str, History] = {}
    for record in records:
        claim, kind = record.get("claim"), record.get("kind")
        if not isinstance(claim, str):
            continue
        if kind == "prediction" and isinstance(record.get("answer"), str):
            history = histories.setdefault(claim, History())
            if history.settled:
                history.round += 1
                history.settled = False
            history.predictions.append(record)
        elif kind == "outcome" and isinstance(record.get("met", ""), bool | None):
            history = histories.setdefault(claim, History())
            history.outcomes.append(record)
            history.settled = bool(history.predictions)
    return histories


def parse(data: bytes) -> tuple[list[Record], int]:
    """Return the records in `data` and how many complete lines could not be read.

    A last line without its newline is not counted: a crash in the middle of a write leaves one.
    """
    *lines, tail = data.split(b"\n")
    records: list[Record] = []
    unreadable = 0
    for number, line in enumerate([*lines, tail]):
        if not line.strip():
            continue
        record = _record(line)
        if record is not None:
            records.append(record)
        elif number < len(lines):
            unreadable += 1
    return records, unreadable


def _record(line: bytes) -> Record | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("v"), int):
        return None
    return value


class Journal:
    """One journal file. Safe to use from several threads and several kernels at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unsaved: list[Record] = []
        self._trouble = ""
        self._lock = threading.RLock()

    @property
    def notice(self) -> str:
        """One sentence while something is wrong with the file, or an empty string."""
        return self._trouble

    def records(self) -> list[Record]:
        """Return all readable records, oldest first, unsaved ones last."""
        with self._lock:
            try:
                data = self.path.read_bytes()
            except FileNotFoundError:
                data = b""
            except OSError as error:
                self._keep_in_memory(error)
                data = b""
            records, unreadable = parse(data)
            if unreadable and not self._unsaved:
                self._trouble = (
                    f"{unreadable} line(s) of {self.path} could not be read and are passed over; "
                    "the rest counts."
                )
            return [*records, *self._unsaved]

    def history(self, claim_id: str) -> History:
        """Return what is known about one claim."""
        return self.histories().get(claim_id, History())

    def histories(self) -> dict[str, History]:
        """Return what is known about every claim that was predicted or run."""
        return fold(self.records())

    def predict(self, claim_id: str, answer: str, **more: Any) -> None:
        """Store an answer: the key of an option, or "?" for "just show me"."""
        self.append("prediction", claim=claim_id, answer=answer, **more)

    def append(self, kind: str, **values: Any) -> None:
        """Append one record; in memory only, with a notice, when the file refuses."""
        record: Record = {"v": VERSION, "t": round(time.time(), 3), "kind": kind, **values}
        with self._lock:
            self._unsaved.append(record)
            try:
                self._write(self._unsaved)
            except OSError as error:
                self._keep_in_memory(error)
            else:
                self._unsaved.clear()
                self._trouble = ""

    def _keep_in_memory(self, error: OSError) -> None:
        self._trouble = (
            f"The journal {self.path} cannot be used ({error.strerror or error}). Your answers "
            "are kept until this notebook's kernel ends; make the file writable to keep them."
        )

    def _write(self, records: list[Record]) -> None:
        """Append in one write under a lock, so that two kernels never mix their lines."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = b"".join(json.dumps(each).encode() + b"\n" for each in records)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            with contextlib.suppress(OSError):  # no locks on this file system: O_APPEND has to do
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                # The end of a line that a crash cut short: start on a new one.
                data = b"\n" + data
            written = os.write(descriptor, data)
            if written < len(data):
                os.ftruncate(descriptor, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def journal() -> Journal:
    """Return the journal in the learner's work folder (`work/journal.jsonl`)."""
    from reactorkit.lab.workspace import root, work

    try:
        folder = work()
    except OSError:  # it cannot be made: writing will say so, and keep the records in memory
        folder = root() / "work"
    return _at(folder / "journal.jsonl")


@lru_cache(maxsize=16)
def _at(path: Path) -> Journal:
    return Journal(path)
