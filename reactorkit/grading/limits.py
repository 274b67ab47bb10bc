"""What a submission may use: memory, processes, disk. Who uses more is killed, with the reason.

Looked at from outside, since as root RLIMIT_NPROC does nothing, and RLIMIT_AS of 2 GiB would stop a
right solution with 200 threads (each reserves 8 MiB of addresses for its stack).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from reactorkit.lab.keeper import descendants
from reactorkit.lab.process import KeptProcess

MEMORY = 1 << 30  # bytes resident, all its processes together
PROCESSES = 64
DISK = 256 << 20  # bytes in its folder
EVERY = 0.1  # seconds
# Whether the kernel lists the children of a thread (proc(5)): psutil would read every process of
# the machine to find them, ten times a second for each submission.
LISTED = Path(f"/proc/self/task/{os.getpid()}/children").exists()
STARTS = 10.0  # seconds until the submission's process is there


class Limits:
    """Watches one submission's processes until they end. `reason` says why it was killed, if so."""

    def __init__(self, process: KeptProcess, folder: Path) -> None:
        self.reason = ""
        self._pid: int | None = None  # of the submission, once it is there
        self._process, self._folder = process, folder
        self._file = str(folder / "submission.py")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="limits", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no longer."""
        self._over.set()
        self._thread.join()

    def pid_of_submission(self) -> int | None:
        """Return the process that runs the submission, below whatever keeps it apart."""
        end = time.monotonic() + STARTS
        while self._pid is None and self._process.alive and time.monotonic() < end:
            self._pid = next((one.pid for one in self._family() if self._is_submission(one)), None)
            if self._pid is None:
                time.sleep(0.01)  # it has not come to run our child.py yet; nobody tells when
        return self._pid if self._process.alive else None

    def _is_submission(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            return words[:1] == [sys.executable] and "-S" not in words and self._file in words
        return False

    def _watch(self) -> None:
        while not self._over.wait(EVERY) and self._process.alive:
            if reason := self._exceeded():
                self.reason = reason
                self._process.kill()
                return

    def _exceeded(self) -> str:
        family = self._family()
        if len(family) > PROCESSES:
            return f"it had {len(family)} processes, and {PROCESSES} are allowed"
        memory = sum(_resident(one) for one in family)
        if memory > MEMORY:
            return f"it used {memory >> 20:,} MiB of memory, and {MEMORY >> 20:,} are allowed"
        disk = sum(_size(path) for path in self._folder.rglob("*"))
        if disk > DISK:
            return f"it wrote {disk >> 20:,} MiB to disk, and {DISK >> 20:,} are allowed"
        return ""

    def _family(self) -> list[psutil.Process]:
        pid = self._process.pid
        if pid is None:
            return []
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(pid)
            return [top, *(_known(descendants(pid)) if LISTED else top.children(recursive=True))]
        return []


def _known(pids: list[int]) -> Iterator[psutil.Process]:
    """Look at those that have not ended meanwhile."""
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            yield psutil.Process(pid)


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.lstat().st_size
    return 0
