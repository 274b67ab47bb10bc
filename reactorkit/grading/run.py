"""One run of a submitted file: a process of its own, kept apart, within limits, gone at the end."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from reactorkit.errors import KitError
from reactorkit.grading import child
from reactorkit.grading.blame import DEFINES_NO, Sight, computes, explained, last_words
from reactorkit.grading.client import SLOW
from reactorkit.grading.isolation import Isolation
from reactorkit.grading.limits import Limits
from reactorkit.grading.story import Story, Unmet
from reactorkit.lab.gauges import Gauges, sample
from reactorkit.lab.process import KeptProcess

CHILD = Path(child.__file__)
WATCHED = 1.0  # seconds
AT_REST = 0.05  # of one core; who spins takes many times as much, also on a busy machine


class Run:
    """What every kind of stage stands on: the submission's process, its gauges and its end.

    A context manager. `subject` is what the process is called in stories, `defines` what the file
    has to define for child.py to begin, `at_end` why a process has failed that ended in good order.

    Arguments:
        story: where everything is told. rng: what is random in this run.
    """

    subject = "the process"
    defines = ""
    at_end = ""

    def __init__(self, story: Story, rng: random.Random) -> None:
        self.story, self.rng = story, rng

    def launch(
        self,
        source: str,
        isolation: Isolation,
        how: str,
        handed: socket.socket,
        *words: str,
        descriptors: int | None = None,
        stdin: int | None = None,
        on_line: Callable[[str, str], None] | None = None,
    ) -> None:
        """Start the process.

        Arguments:
            source: the submission's text. isolation: how it is kept apart.
            how: what child.py does with it; words: what else it is told.
            handed: a socket that it gets. The copy here stays open: close it.
            descriptors: its soft limit of descriptors, or None.
            stdin, on_line: see KeptProcess.
        """
        self._isolation = isolation
        self.folder = Path(tempfile.mkdtemp(prefix="reactorkit-check-"))
        try:
            file = self.folder / "submission.py"
            file.write_text(source)
            # A copy: the course, and with it every solution, is hidden from the submission.
            runner = shutil.copy(CHILD, self.folder)
            isolation.prepare(self.folder)
            number = handed.fileno()
            command = [sys.executable, "-I", "-u", str(runner), how, str(number), str(file), *words]
            self.process = KeptProcess(
                isolation.wrap(command, self.folder),
                env=isolation.environment(self.folder),
                whole_env=True,
                cwd=self.folder,
                nofile=descriptors,
                hand_on=[number],
                stdin=stdin,
                on_line=on_line,
            )
            self.limits = Limits(self.process, self.folder)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    # ----------------------------------------------------------------- gauges

    @property
    def log(self) -> str:
        """What it has printed, the last lines."""
        return "\n".join(self.process.lines)

    def process_id(self) -> int | None:
        """Return the process that runs the submission, or None when it has ended."""
        return self.limits.pid_of_submission()

    def gauges(self) -> Gauges:
        """Return what the process uses now; Unmet when it has ended."""
        pid = self.process_id()
        try:
            if pid is None:
                raise KitError("it has ended")
            return sample(pid)
        except KitError:
            raise self.blamed(Unmet(f"that {self.subject} runs", "it has ended")) from None

    def settles(
        self, true: Callable[[], bool], expected: str, got: Callable[[], str], cause: str = ""
    ) -> None:
        """Wait until a fact about the process holds; Unmet when it does not within SLOW seconds."""
        end = time.monotonic() + SLOW
        while not true():
            if time.monotonic() > end:
                raise Unmet(expected, got(), cause)
            time.sleep(0.05)  # nothing tells when a process's gauges change
        self.story.expectation(expected)

    def expects_rest(self, when: str, cause: str = "") -> None:
        """See it use next to no processor time for a while; `when` says what is going on."""
        before = self.gauges()
        time.sleep(WATCHED)  # what is measured is how much it does in this time
        share = (self.gauges() - before).cpu_share
        if share > AT_REST:
            got = f"it keeps a core busy by {share:.0%}: {when}"
            raise Unmet(f"that {self.subject} sleeps", got, cause)
        self.story.expectation(f"{when}, and {self.subject} sleeps")

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Stop the process (SIGSTOP) meanwhile: what happens in here, it finds all at once."""
        pid = self.process_id()
        try:
            if pid is None:
                raise ProcessLookupError
            os.kill(pid, signal.SIGSTOP)
            while psutil.Process(pid).status() != psutil.STATUS_STOPPED:
                os.sched_yield()
            yield
            os.kill(pid, signal.SIGCONT)
        except (ProcessLookupError, psutil.NoSuchProcess):
            raise self.blamed(Unmet(f"that {self.subject} runs", "it has ended")) from None

    # ---------------------------------------------------------------- its end

    def why_ended(self) -> str | None:
        """Return why it has ended, or is being killed, in words; None while it runs."""
        # What is seen of an end elsewhere comes a moment before the status.
        running = self.process.wait(0.2) is None and self.process.alive
        if running and not self.limits.reason:
            return None
        status = self.process.returncode  # many processes that are killed take a while to end
        return self.limits.reason or ended_because(status, self.log, self.defines)

    def blamed(self, unmet: Unmet) -> Unmet:
        """Return the same with the reason why the process is gone, if it is."""
        return explained(unmet, self.sight())

    def sight(self) -> Sight:
        """Return what is seen of the process now."""
        ended = self.why_ended()
        if ended is not None:
            return Sight(ended, self.process.returncode, self.log, at_end=self.at_end)
        pid = self.process_id()
        return Sight(log=self.log, busy=pid is not None and computes(pid))

    def hang_up(self) -> None:
        """Close what leads from here to the process."""

    def end(self) -> None:
        """End it, with all that it has started and left."""
        self.process.kill()
        self.limits.close()
        self._isolation.clean(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()
        self.end()


def ended_because(status: int | None, log: str, defines: str) -> str:
    """Say why a submission's process has ended, from its status and its last words."""
    words = last_words(log)
    if status == child.MISSING:
        return f"{DEFINES_NO}function {defines}"
    if status == child.BROKEN:
        return f"the file could not be loaded ({words or 'it says nothing'})"
    if status == 0:
        return "it ended by itself, as if there was nothing more to do"
    if status is not None and status < 0:
        return f"it was ended by signal {-status}"
    return f"it ended with {words}" if words else f"it ended with status {status}"
