"""What this machine allows: how many descriptors, which sizes, and how quiet it is."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

Scale = Literal["quick", "small", "normal"]

# Kernels, logs and the notebook's own pipes need some descriptors too.
RESERVED_DESCRIPTORS = 100


def scale() -> Scale:
    """Return the size of experiments: `quick` for tests, `small` on a tight machine, or `normal`.

    REACTORKIT_QUICK=1 asks for quick. REACTORKIT_SCALE=small or normal overrides what the
    machine's limits suggest.
    """
    if os.environ.get("REACTORKIT_QUICK") == "1":
        return "quick"
    asked = os.environ.get("REACTORKIT_SCALE", "")
    if asked == "small":
        return "small"
    if asked == "normal":
        return "normal"
    return "small" if tightness() else "normal"


def tightness() -> str:
    """Return the reason why this machine gets small sizes, or an empty string."""
    if descriptor_limit() < 4096:
        return f"one process may open only {descriptor_limit()} descriptors"
    import psutil  # here, since every crowd imports this module and none of them asks

    if psutil.virtual_memory().total < 3 * 2**30:
        return "the machine has less than 3 GiB of memory"
    return ""


def descriptor_limit() -> int:
    """Return how many descriptors one process may have at most (the hard limit; getrlimit(2))."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # macOS reports "no limit" but refuses more than OPEN_MAX (10240, <sys/syslimits.h>).
    return 10_240 if hard == resource.RLIM_INFINITY else hard


def raise_descriptors(wanted: int) -> int:
    """Raise this process's soft limit towards `wanted` descriptors; return what holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = min(wanted + RESERVED_DESCRIPTORS, descriptor_limit())
    if soft == resource.RLIM_INFINITY or soft >= target:
        return descriptor_limit() if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
    return target


def most_connections() -> int:
    """Return how many connections one process here can hold, with a reserve for everything else."""
    return descriptor_limit() - RESERVED_DESCRIPTORS


def waiting_seconds() -> float | None:
    """Return how long this thread has waited for a CPU although it could run, None if unknown.

    The second number of /proc/PID/schedstat (Linux, Documentation/scheduler/sched-stats.rst).
    """
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return None


@dataclass
class Disturbance:
    """How much else went on during a measurement (`with disturbed() as noise: ...`).

    waited: the share of the time that this thread wanted a CPU and had none, 0.0 to 1.0, or
        None where the system does not tell.
    others: how many cores other programs kept busy on average (1.0 is one core). What this
        process and its ended children used is not counted.
    busy: the share of all cores that was in use, by anybody.
    """

    waited: float | None = None
    others: float = 0.0
    busy: float = 0.0
    _began: tuple[float, float | None, float, float] = (0.0, None, 0.0, 0.0)

    def __enter__(self) -> Disturbance:
        self._began = time.monotonic(), waiting_seconds(), busy_seconds(), own_seconds()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        then, waited_then, busy_then, own_then = self._began
        elapsed = max(time.monotonic() - then, 1e-9)
        waited = waiting_seconds()
        if waited is not None and waited_then is not None:
            self.waited = min(1.0, (waited - waited_then) / elapsed)
        everybody = (busy_seconds() - busy_then) / elapsed
        self.others = max(0.0, everybody - (own_seconds() - own_then) / elapsed)
        self.busy = min(1.0, everybody / (os.cpu_count() or 1))

    @property
    def noisy(self) -> bool:
        """Whether timings taken meanwhile deserve doubt.

        It is when this thread waited more than 5 % of the time, or when other programs took a
        quarter of a core and more while hardly any core was free.
        """
        crowded = self.others > 0.25 and self.busy > 0.7
        return crowded or (self.waited is not None and self.waited > 0.05)


def busy_seconds() -> float:
    """Return the CPU seconds that all processes of this machine have used together."""
    import psutil

    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0)


def own_seconds() -> float:
    """Return the CPU seconds of this process and of its children that have ended (getrusage(2))."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def disturbed() -> Disturbance:
    """Watch for noise: `with disturbed() as noise: ...`, afterwards ask `noise.noisy`."""
    return Disturbance()
