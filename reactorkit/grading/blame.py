"""The likely cause where it is not the idea of an answer that fails, but its form.

A check knows what it asks for. That the file defines no such function, that it ended, that it
computes without end, that it prints and returns nothing: this is seen of the process, and said
here, once for all checks.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from reactorkit.grading import child
from reactorkit.grading.story import Malformed, Unmet

STILL_RUNS = "it still runs"
RETURNED_NONE = "it returned None"
DEFINES_NO = "the file defines no "
LOOKS, LOOK_EVERY = 20, 0.01  # seconds; who computes is on a processor, or in line for one
LISTENS = "0A"  # TCP_LISTEN in /proc/net/tcp (proc(5))
SLIPS = {
    "NameError": "The name is not known there: look for a slip in its spelling.",
    "UnboundLocalError": "The variable has no value yet when it is used.",
    "ImportError": "There is no such module, or no such name in it.",
    "ModuleNotFoundError": "There is no such module. Python's standard library is enough.",
    "NotImplementedError": "The place that the starter marks is still open.",
    "SystemExit": "exit() ends the whole program; return ends only the call.",
}


@dataclass(frozen=True)
class Sight:
    """What is seen of a submission's process when an expectation was not met.

    Arguments:
        ended: why it has ended, in words; None while it runs. status: its exit status.
        log: what it has printed.
        busy: it has computed rather than waited. ignored: nobody was accepted of all who came.
        at_end: why it has failed if it ended in good order; empty where the check knows better.
    """

    ended: str | None = None
    status: int | None = None
    log: str = ""
    busy: bool = False
    ignored: bool = False
    at_end: str = ""


def explained(unmet: Unmet, sight: Sight) -> Unmet:
    """Return the same, with what is seen of the process added, and a better cause if there is."""
    if unmet.explained:
        return unmet
    got = unmet.got if sight.ended is None else f"{unmet.got}: {sight.ended}"
    kind: type[Unmet] = Unmet
    if sight.ended is None and (error := _traceback(sight.log)):
        got += f" (it has printed {error})"
    cause = _cause(unmet.got, sight) or unmet.cause
    if sight.status in (child.MISSING, child.BROKEN) or unmet.got.startswith(DEFINES_NO):
        kind, got = Malformed, sight.ended or unmet.got
    result = kind(unmet.expected, got, cause)
    result.explained = True
    return result


def _cause(got: str, sight: Sight) -> str:
    if sight.status == child.MISSING or got.startswith(DEFINES_NO):
        return "It is called by this name: define it at the left margin, spelled exactly so."
    if sight.status == child.BROKEN:
        return "Python runs the file from top to bottom before anything is checked, and stopped."
    if sight.ended is not None:
        return _cause_of_end(sight)
    if sight.ignored:
        return _cause_of_silence(sight)
    if got.startswith(STILL_RUNS) and sight.busy:
        return "It computes without end: look for a loop that has no way out."
    if got == RETURNED_NONE and (words := last_words(sight.log)):
        return (
            f"It has printed {words!r}: print() shows a value to you, and only return hands it to "
            "the caller."
        )
    return _slip(got)


def _cause_of_end(sight: Sight) -> str:
    if sight.status == 0:
        return sight.at_end
    return _slip(sight.ended or "")


def _cause_of_silence(sight: Sight) -> str:
    if sight.busy:
        return "It computes without end and comes to no accept(): look for a loop with no way out."
    return (
        "Nobody has called accept(): the clients wait in the kernel's queue. Accept from the "
        "listener that serve(listener) is given."
    )


def _slip(text: str) -> str:
    """Return what is known of an exception that is a slip, and no answer to the question."""
    named = re.search(r"(?:it raised |it ended with |^)(\w+)", text)
    return SLIPS.get(named[1], "") if named else ""


def _traceback(log: str) -> str:
    """Return the last line of a traceback that was printed while the process went on."""
    lines = log.splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("Traceback ")]
    if not starts:
        return ""
    rest = lines[starts[-1] + 1 :]
    return next((line for line in rest if line and not line.startswith(" ")), "")


def last_words(log: str) -> str:
    """Return the last line with anything in it."""
    words = [line.strip() for line in log.splitlines() if line.strip()]
    return words[-1] if words else ""


def computes(pid: int) -> bool:
    """Return whether a process computes rather than waits, however busy the machine is."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for _ in range(LOOKS):
            if process.status() != psutil.STATUS_RUNNING:
                return False
            time.sleep(LOOK_EVERY)  # it is looked at again and again
        return True
    return False


def queue_of_listener(port: int) -> int:
    """Return how many connections wait to be accepted; 0 where the system does not tell."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return 0
    for line in table.read_text().splitlines()[1:]:
        _, local, _, state, queues = line.split()[:5]
        if state == LISTENS and int(local.split(":")[1], 16) == port:
            return int(queues.split(":")[1], 16)
    return 0
