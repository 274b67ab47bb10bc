"""Look at this machine for a learner: what was left running, what is too low, what is missing.

Every process that the kit starts carries the mark of the notebook that owns it
(`process.MARK`). A marked process whose owner has died is a leftover; nothing else is ever
touched, so ending leftovers is safe beside other notebooks and other people's work.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from reactorkit.lab.process import MARK
from reactorkit.servers import WILD

# A keeper needs a moment to notice that its notebook is gone and to end what it keeps.
PATIENCE_SECONDS = 2.0
# The start time is written with two digits, and the clock behind it may be set meanwhile.
SAME_START_SECONDS = 2.0
GIB = 2**30

Judgement = Literal["ok", "note", "do"]


# --- What is left running ---


@dataclass(frozen=True)
class Kept:
    """A process of the kit, the pid of its owner, and whether that owner still lives."""

    process: psutil.Process
    owner: int
    in_use: bool

    @property
    def what(self) -> str:
        """A few words that tell which process this is."""
        try:
            words = self.process.cmdline()
            age = time.time() - self.process.create_time()
        except psutil.Error:
            return f"process {self.process.pid} (just ended)"
        short = " ".join(Path(word).name if os.sep in word else word for word in words)
        return f"process {self.process.pid}, for {readable_age(age)}: {short[:60]}"


def readable_age(seconds: float) -> str:
    """Return a duration for people: "40 s", "12 min", "3 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


def owner_lives(mark: str) -> bool:
    """Whether the process that a mark names, `PID:START`, still runs. ValueError: no such mark."""
    pid, start = mark.split(":")
    number, began = int(pid), float(start)  # before anybody is asked: a mark is both numbers
    try:
        owner = psutil.Process(number)
        same = abs(owner.create_time() - began) < SAME_START_SECONDS
        return same and owner.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kept() -> list[Kept]:
    """Return every process of this kit that this user may look at, oldest first."""
    found = []
    for process in psutil.process_iter():
        try:
            mark = process.environ().get(MARK, "")
            if not mark or process.pid == os.getpid():
                continue
            found.append(Kept(process, int(mark.split(":")[0]), owner_lives(mark)))
        # Another user's process, one that has just ended, or a mark that is not ours.
        except (psutil.Error, ValueError, OSError):
            continue
    return found


def leftovers(patience: float | None = None) -> list[Kept]:
    """Return the processes without a living owner that do not end by themselves.

    Arguments:
        patience: seconds to wait for keepers at work; PATIENCE_SECONDS when None.
    """
    patience = PATIENCE_SECONDS if patience is None else patience
    orphans = [one for one in kept() if not one.in_use]
    _, alive = psutil.wait_procs([one.process for one in orphans], timeout=patience)
    return [one for one in orphans if one.process in alive]


def end(orphans: list[Kept], timeout: float = 5.0) -> list[Kept]:
    """Kill leftovers at once: their owner is gone, so nobody waits for their last words.

    Returns those that are still there after `timeout` seconds.
    """
    for one in orphans:
        try:
            # psutil compares the start time first, so a reused pid is never hit.
            one.process.kill()
        except psutil.Error:
            continue
    _, alive = psutil.wait_procs([one.process for one in orphans], timeout=timeout)
    return [one for one in orphans if one.process in alive]


# --- What the machine allows ---


@dataclass(frozen=True)
class Finding:
    """One line of the report: fine ("ok"), good to know ("note"), or something to do ("do")."""

    judgement: Judgement
    what: str
    value: str
    advice: str = ""

    def __str__(self) -> str:
        sign = {"ok": "  ok  ", "note": "  note", "do": "  DO  "}[self.judgement]
        line = f"{sign}  {self.what:<26}{self.value}"
        return line + "".join(f"\n{'':34}{part}" for part in self.advice.splitlines())


def first_line(*paths: str) -> str | None:
    """Return the first line of the first of these files that can be read, else None."""
    for path in paths:
        try:
            return Path(path).read_text().split("\n", 1)[0].strip()
        except OSError:
            continue
    return None


def shown(limit: int) -> str:
    """Return a limit in words."""
    return "no limit" if limit in (resource.RLIM_INFINITY, sys.maxsize) else f"{limit:,}"


def check_descriptors() -> Finding:
    """Judge how many descriptors one process may open (getrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    value = f"{shown(soft)} now, up to {shown(hard)}"
    most = sys.maxsize if hard == resource.RLIM_INFINITY else hard
    if most < 1024:
        advice = "Most experiments need 1,024. Ask the administrator to raise `ulimit -Hn`."
        return Finding("do", "descriptors per process", value, advice)
    if most < 4096:
        advice = "Enough for small sizes. The lessons take them by themselves."
        return Finding("note", "descriptors per process", value, advice)
    return Finding("ok", "descriptors per process", value)


def check_ports() -> Finding:
    """Judge how many ports are there for outgoing connections (ip(7), ip_local_port_range)."""
    text = first_line("/proc/sys/net/ipv4/ip_local_port_range")
    if text is None:
        return Finding(
            "ok", "ephemeral ports", "not told here (macOS: sysctl net.inet.ip.portrange)"
        )
    low, high = map(int, text.split())
    value = f"{high - low + 1:,} ({low} to {high})"
    if high - low < 10_000:
        command = 'sudo sysctl -w net.ipv4.ip_local_port_range="32768 60999"'
        advice = f"Too few for large crowds, one after the other. Widen it:\n{command}"
        return Finding("do", "ephemeral ports", value, advice)
    return Finding("ok", "ephemeral ports", value)


def check_backlog() -> Finding:
    """Judge how long the queue of a listening socket may be (listen(2), somaxconn)."""
    text = first_line("/proc/sys/net/core/somaxconn")
    if text is None:
        return Finding("ok", "listen backlog", "see: sysctl kern.ipc.somaxconn")
    if int(text) < 1024:
        advice = (
            "Crowds connect in smaller groups. To lift it:\nsudo sysctl -w net.core.somaxconn=4096"
        )
        return Finding("note", "listen backlog", f"{int(text):,}", advice)
    return Finding("ok", "listen backlog", f"{int(text):,}")


def check_processes() -> Finding:
    """Judge how many processes and threads there may be; on Linux each thread counts."""
    limits = [resource.getrlimit(resource.RLIMIT_NPROC)[0]]
    # A container has a limit of its own (cgroups(7), pids.max).
    for path in ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"):
        text = first_line(path) or ""
        limits += [int(text)] if text.isdigit() else []
    bounded = [limit for limit in limits if limit != resource.RLIM_INFINITY]
    if not bounded:
        return Finding("ok", "processes and threads", "no limit")
    least = min(bounded)
    if least < 1000:
        advice = "A thread for every visitor needs hundreds: raise `ulimit -u` or the container's."
        return Finding("do", "processes and threads", f"{least:,}", advice)
    if least < 4000:
        return Finding(
            "note", "processes and threads", f"{least:,}", "The largest thread experiment shrinks."
        )
    return Finding("ok", "processes and threads", f"{least:,}")


def check_memory() -> Finding:
    """Judge the memory that is free now."""
    memory = psutil.virtual_memory()
    value = f"{memory.available / GIB:.1f} GiB free of {memory.total / GIB:.1f}"
    if memory.available < GIB / 2:
        return Finding("do", "memory", value, "Close something large: a lesson needs half a GiB.")
    if memory.total < 3 * GIB:
        return Finding("note", "memory", value, "The lessons take small sizes by themselves.")
    return Finding("ok", "memory", value)


# --- What is installed ---

# Program, what it is there for, its package on Debian and Ubuntu, its package in Homebrew.
OPTIONAL = (
    ("nginx", "for lesson 11 (loops in the wild)", "nginx", "nginx"),
    ("cc", "a C compiler, for the load of `make bench`", "gcc", "gcc"),
    ("bwrap", "bubblewrap, to isolate what an instructor grades", "bubblewrap", ""),
    ("chromium", "for tests that look at the lessons in a browser", "chromium", "chromium"),
)


def check_packages() -> Iterator[Finding]:
    """Compare what is installed with what the kit asks for, ranges and all."""
    from packaging.requirements import Requirement

    yield Finding("ok", "Python", f"{platform.python_version()} in {sys.prefix}")
    try:
        asked = importlib.metadata.requires("reactorkit") or []
    except importlib.metadata.PackageNotFoundError:
        advice = "In the course's folder: pip install -r requirements.txt && pip install -e ."
        yield Finding("do", "reactorkit", "not installed in this Python", advice)
        return
    for requirement in map(Requirement, asked):
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            version = ""
        if not version or not requirement.specifier.contains(version, prereleases=True):
            found = f"{version or 'missing'}, needed: {requirement.specifier}"
            advice = f"{sys.executable} -m pip install '{requirement}'"
            yield Finding("do", requirement.name, found, advice)
        elif requirement.name in ("jupyterlab", "ipykernel"):
            yield Finding("ok", requirement.name, version)


def check_programs() -> Iterator[Finding]:
    """Look for programs that some lessons and tests can use; none is needed to learn."""
    for program, purpose, debian, brew in OPTIONAL:
        path = shutil.which(program) or (program == "chromium" and shutil.which("google-chrome"))
        if path:
            yield Finding("ok", program, str(path))
        elif sys.platform != "darwin":
            yield Finding("note", program, "missing", f"{purpose}:\nsudo apt install {debian}")
        elif brew:
            yield Finding("note", program, "missing", f"{purpose}:\nbrew install {brew}")


def check_wild() -> Iterator[Finding]:
    """Say which servers of other people can run beside ours."""
    for one in WILD:
        if one.available():
            yield Finding("ok", one.name, "can run")
        else:
            yield Finding("note", one.name, "missing", one.missing.replace(". ", ".\n", 1))


def check_editor() -> Finding:
    """Say which kernel to choose in an editor that brings its own Jupyter."""
    advice = "VS Code: open a lesson, then Select Kernel, Python Environments, .venv."
    return Finding("ok", "kernel", sys.executable, advice)


# --- The report ---


def report_leftovers(orphans: list[Kept], in_use: list[Kept]) -> str:
    """Return what runs, in sentences."""
    lines = []
    if in_use:
        owners = len({one.owner for one in in_use})
        whose = "a running notebook" if owners == 1 else f"{owners} running notebooks"
        lines.append(f"  {plural(len(in_use))} in use by {whose}.")
    if not orphans:
        return "\n".join([*lines, "  Nothing was left running."])
    lines.append(f"  {plural(len(orphans))} left running by a notebook that has ended:")
    lines += [f"    {one.what}" for one in orphans]
    return "\n".join([*lines, "  To end what was left:  python -m reactorkit doctor --end"])


def plural(count: int) -> str:
    """Return "1 process is" or "3 processes are"."""
    return "1 process is" if count == 1 else f"{count} processes are"


def report_machine() -> tuple[str, bool]:
    """Return what the machine allows and what is installed, and whether something needs doing."""
    limits = [check_descriptors(), check_ports(), check_backlog(), check_processes()]
    parts = {
        "Limits": [*limits, check_memory()],
        "Installed": [*check_packages(), check_editor()],
        "Optional programs": [*check_programs(), *check_wild()],
    }
    text = "\n\n".join("\n".join([title, *map(str, parts[title])]) for title in parts)
    return text, any(one.judgement == "do" for part in parts.values() for one in part)


def main(argv: list[str] | None = None) -> int:
    """Print the report; return 0 when all is fine, 1 when something needs doing."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit doctor",
        description="Tell what was left running, what this machine allows, and what is missing.",
    )
    parser.add_argument("--end", action="store_true", help="end what was left running")
    parser.add_argument("--leftovers", action="store_true", help="look only for what was left")
    options = parser.parse_args(argv)
    orphans = leftovers()
    if options.end and orphans:
        stubborn = end(orphans)
        print(f"Ended {len(orphans) - len(stubborn)} of {len(orphans)} left-over processes.\n")
        orphans = stubborn
    print("Processes of this kit")
    print(report_leftovers(orphans, [one for one in kept() if one.in_use]))
    if options.leftovers:
        return 1 if orphans else 0
    text, to_do = report_machine()
    print(f"\n{text}")
    print("\nSomething needs doing: see above." if orphans or to_do else "\nAll is fine.")
    return 1 if orphans or to_do else 0


if __name__ == "__main__":
    sys.exit(main())
