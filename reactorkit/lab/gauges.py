"""What a server costs, read from outside the process: nothing is added to what is measured."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass

import psutil

from reactorkit.errors import KitError


@dataclass(frozen=True)
class Gauges:
    """One sample of a process. Subtract an earlier one to get the change in between.

    at: monotonic seconds. cpu_seconds: user and system time, of ended threads too.
    rss, vms: resident and virtual memory in bytes. threads, descriptors: how many.
    voluntary, involuntary: context switches summed over the living threads, None if unknown.
    kernel_stack: bytes of kernel stacks of the whole machine, None if unknown (proc(5), meminfo).
    """

    at: float
    cpu_seconds: float
    rss: int
    vms: int
    threads: int
    voluntary: int | None
    involuntary: int | None
    descriptors: int
    kernel_stack: int | None

    def __sub__(self, earlier: Gauges) -> Change:
        return Change(
            seconds=self.at - earlier.at,
            cpu_seconds=self.cpu_seconds - earlier.cpu_seconds,
            rss=self.rss - earlier.rss,
            vms=self.vms - earlier.vms,
            threads=self.threads - earlier.threads,
            voluntary=_difference(self.voluntary, earlier.voluntary),
            involuntary=_difference(self.involuntary, earlier.involuntary),
            descriptors=self.descriptors - earlier.descriptors,
            kernel_stack=_difference(self.kernel_stack, earlier.kernel_stack),
        )


@dataclass(frozen=True)
class Change:
    """What happened between two samples; the fields are differences of the same units."""

    seconds: float
    cpu_seconds: float
    rss: int
    vms: int
    threads: int
    voluntary: int | None
    involuntary: int | None
    descriptors: int
    kernel_stack: int | None

    @property
    def cpu_share(self) -> float:
        """CPU time divided by wall time: 1.0 is one core kept fully busy."""
        return self.cpu_seconds / self.seconds if self.seconds else 0.0

    @property
    def switches(self) -> int | None:
        """Voluntary and involuntary context switches together."""
        if self.voluntary is None or self.involuntary is None:
            return None
        return self.voluntary + self.involuntary


def _difference(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def sample(pid: int) -> Gauges:
    """Read the gauges of process `pid`.

    Raises KitError when the process has ended.
    """
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            memory = process.memory_info()
            voluntary, involuntary = switches(pid)
            return Gauges(
                at=time.monotonic(),
                cpu_seconds=cpu_seconds(process),
                rss=memory.rss,
                vms=memory.vms,
                threads=process.num_threads(),
                voluntary=voluntary,
                involuntary=involuntary,
                descriptors=process.num_fds(),
                kernel_stack=kernel_stack(),
            )
    except psutil.NoSuchProcess as error:
        raise KitError(f"Process {pid} has ended, so there is nothing to measure.") from error


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU seconds the process has used, in nanosecond steps where Linux gives them.

    On Linux every process has a CPU clock whose id is made from its pid
    (clock_getcpuclockid(3); the layout is in <linux/posix-timers.h>). It counts ended threads
    too, and does not step in ticks of 10 ms like /proc/PID/stat.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return time.clock_gettime(~process.pid << 3 | 2)
    times = process.cpu_times()
    return times.user + times.system


def switches(pid: int) -> tuple[int | None, int | None]:
    """Return voluntary and involuntary context switches, summed over the threads alive now.

    /proc/PID/status counts the main thread only (proc(5)), hence the sum over task/*.
    """
    voluntary = involuntary = 0
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return None, None
    for task in tasks:
        # A thread may end between the listing and the reading.
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/status", "rb") as file:
            for line in file:
                if line.startswith(b"voluntary_ctxt"):
                    voluntary += int(line.split()[1])
                elif line.startswith(b"nonvoluntary_ctxt"):
                    involuntary += int(line.split()[1])
    return voluntary, involuntary


def kernel_stack() -> int | None:
    """Return the bytes of kernel stacks of the whole machine, or None where it is not told."""
    with contextlib.suppress(OSError), open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("KernelStack:"):
                return int(line.split()[1]) * 1024
    return None
