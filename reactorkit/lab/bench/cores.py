"""A core for the server and another one for its load, before others, where the system lets us."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

RAISED = -15  # the niceness of those who are measured, where they may have it


class Cores(NamedTuple):
    """Where the server and the load run; None: wherever the system likes. nice: their niceness."""

    server: int | None = None
    load: int | None = None
    nice: int = 0

    def __str__(self) -> str:
        where = f"server on core {self.server}, load on core {self.load}"
        if self.server is None:
            where = "server and load wherever the system puts them"
        return where + (", both before all other programs" if self.nice else "")


def choose(first: bool = False) -> Cores:
    """Return two cores that share no hardware, if this process may use two.

    Arguments:
        first: ask for a raised priority too, which only the administrator gets.
    """
    nice = RAISED if first and may_raise() else 0
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(allowed) < 2:  # also macOS, which does not tell
        return Cores(nice=nice)
    one = allowed[0]
    # Two hardware threads of one core would slow each other down.
    apart = [core for core in allowed[1:] if core not in siblings(one)]
    return Cores(one, (apart or allowed)[-1], nice)


def may_raise() -> bool:
    """Whether this process may put itself before others (setpriority(2))."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, RAISED)
    except PermissionError:
        return False
    os.setpriority(os.PRIO_PROCESS, 0, usual)
    return True


def siblings(core: int) -> set[int]:
    """Return the hardware threads of a core, itself included; empty where nobody tells."""
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    found: set[int] = set()
    try:
        for part in path.read_text().strip().split(","):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    except (OSError, ValueError):
        return set()
    return found


def place(pid: int, cores: Cores) -> None:
    """Keep every thread of a server on its core, at its priority."""
    tasks = Path(f"/proc/{pid}/task")
    for task in [int(path.name) for path in tasks.iterdir()] if tasks.exists() else [pid]:
        with contextlib.suppress(ProcessLookupError):  # a thread that has just ended
            if cores.nice:
                os.setpriority(os.PRIO_PROCESS, task, cores.nice)
            if cores.server is not None:
                os.sched_setaffinity(task, {cores.server})
    group = Path(f"/proc/{pid}/autogroup")
    if cores.nice and group.exists():
        # Niceness counts only within a session, and every server has one of its own (sched(7)).
        group.write_text(str(cores.nice))
