"""What has been judged already: one line of JSON for each, appended, never changed.

A line is written with one call and flushed to disk, so whatever stops the grader, at most the
judgements that were running are lost. A torn last line is passed over.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import reactorkit
from reactorkit.errors import KitError
from reactorkit.grading import catalog

FILE_NAME = "judged.jsonl"
CHECKS = Path(catalog.__file__).with_name("checks")
Record = dict[str, Any]


def key(learner: str, exercise: str, digest: str) -> str:
    """Return what a judgement belongs to: a new one is due when any of it has changed."""
    one = catalog.get(exercise)
    checks = (CHECKS / f"{exercise}.py").read_bytes()
    parts = [learner, digest, reactorkit.__version__, repr(one), hashlib.sha256(checks).hexdigest()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class Store:
    """The judgements of one output folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._done = {record["key"]: record for record in _records(self._path)}

    def get(self, key: str) -> Record | None:
        """Return a judgement that stands; None when it has to be made."""
        return self._done.get(key)

    def add(self, record: Record) -> None:
        """Keep a judgement, on disk before this returns."""
        self._done[record["key"]] = record
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        torn = self._path.is_file() and not _ends_with_newline(self._path)
        with self._path.open("ab", buffering=0) as file:
            file.write(b"\n" * torn + line)
            os.fsync(file.fileno())


def _records(path: Path) -> Iterator[Record]:
    if not path.is_file():
        return
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(ValueError):  # torn, as a kill or a full disk leaves it
            record = json.loads(line)
            if isinstance(record, dict) and {"key", "result"} <= record.keys():
                yield record


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the output folder; KitError when another grader does. The system lets go at any end.

    A record lock belongs to this process alone; one of flock(2) would belong to a child too,
    from fork to exec, and would outlive a grader that is killed just then (fcntl(2)).
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:  # which of them, systems differ
            raise KitError(f"Another grader is at work in {folder}. Wait until it is done.") from (
                error
            )
        yield


def replace(path: Path, data: bytes | str) -> None:
    """Write a file as a whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data if isinstance(data, bytes) else data.encode())
    new.replace(path)
