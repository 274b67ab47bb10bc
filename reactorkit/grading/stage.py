"""Where a server under judgement runs: a process of its own, an address that we chose, gauges."""

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
from typing import Any, Self, TypeVar

import psutil

from reactorkit.errors import KitError
from reactorkit.grading import child
from reactorkit.grading.blame import (
    DEFINES_NO,
    Sight,
    computes,
    explained,
    last_words,
    queue_of_listener,
)
from reactorkit.grading.client import SLOW, Client
from reactorkit.grading.isolation import Isolation
from reactorkit.grading.limits import Limits
from reactorkit.grading.story import Story, Unmet
from reactorkit.lab.gauges import Gauges, sample
from reactorkit.lab.process import KeptProcess
from reactorkit.launcher import listen

CHILD = Path(child.__file__)
NAMES = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hila", "Ida", "Jon")
Kind = TypeVar("Kind", bound=Client)


class ServerStage:
    """One run of a submitted server, with its clients. A context manager.

    Arguments:
        source: the submission's text. story: where everything is told.
        isolation: how it is kept apart. rng: what is random in this run.
        descriptors: its soft limit of descriptors, or None.
    """

    def __init__(
        self,
        source: str,
        story: Story,
        isolation: Isolation,
        rng: random.Random,
        descriptors: int | None = None,
    ) -> None:
        self._isolation = isolation
        self.address = ("", 0)
        self.folder = Path(tempfile.mkdtemp(prefix="reactorkit-check-"))
        listener = listen("127.0.0.1", 0)
        try:
            self._start(source, listener, isolation, descriptors)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        finally:
            listener.close()  # the child has its own; when it ends, nobody listens
        self.prepare(story, rng, self.address)

    def prepare(self, story: Story, rng: random.Random, address: tuple[str, int]) -> None:
        """Note what the scenario works with."""
        self.story, self.rng, self.address = story, rng, address
        self.clients: list[Client] = []

    def _start(
        self, source: str, listener: socket.socket, isolation: Isolation, descriptors: int | None
    ) -> None:
        self.address = listener.getsockname()[:2]
        file = self.folder / "submission.py"
        file.write_text(source)
        isolation.prepare(self.folder)
        number = listener.fileno()
        command = [sys.executable, "-I", "-u", str(CHILD), "serve", str(number), str(file)]
        self.process = KeptProcess(
            isolation.wrap(command, self.folder),
            env=isolation.environment(self.folder),
            whole_env=True,
            cwd=self.folder,
            nofile=descriptors,
            hand_on=[number],
        )
        self.limits = Limits(self.process, self.folder)

    # ---------------------------------------------------------------- clients

    def client(self, name: str = "", **options: Any) -> Client:
        """Return a new client, connected."""
        return self.client_of(Client, name, **options)

    def client_of(self, kind: type[Kind], name: str = "", **options: Any) -> Kind:
        """Return a new client of a kind that knows what the service speaks, connected."""
        name = name or NAMES[len(self.clients) % len(NAMES)]
        try:
            client = kind(self.story, name, self.address, **options)
        except Unmet as unmet:
            raise self.blamed(unmet) from None
        self.clients.append(client)
        return client

    def some_bytes(self, n: int) -> bytes:
        """Return n bytes that differ from run to run."""
        return self.rng.randbytes(n)

    # ----------------------------------------------------------------- gauges

    @property
    def log(self) -> str:
        """What it has printed, the last lines."""
        return "\n".join(self.process.lines)

    def gauges(self) -> Gauges:
        """Return what the process uses now; Unmet when it has ended."""
        pid = self.process_id()
        try:
            if pid is None:
                raise KitError("it has ended")
            return sample(pid)
        except KitError:
            raise self.blamed(Unmet("that the server runs", "it has ended")) from None

    def settles(
        self, true: Callable[[], bool], expected: str, got: Callable[[], str], cause: str = ""
    ) -> None:
        """Wait until a fact about the process holds; Unmet when it does not within SLOW seconds."""
        end = time.monotonic() + SLOW
        while not true():
            if time.monotonic() > end:
                raise Unmet(expected, got(), cause)
            time.sleep(0.01)  # nothing tells when a process's gauges change
        self.story.expectation(expected)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Stop the server (SIGSTOP) meanwhile: what happens in here, it finds all at once."""
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
            raise self.blamed(Unmet("that the server runs", "it has ended")) from None

    def expects_alive(self, cause: str = "") -> None:
        """See that it still runs."""
        if self.why_ended() is not None:
            raise self.blamed(Unmet("that the server still runs", "it has ended", cause))
        self.story.expectation("the server still runs")

    def blamed(self, unmet: Unmet) -> Unmet:
        """Return the same with the reason why the server is gone, if it is."""
        return explained(unmet, self.sight())

    def sight(self) -> Sight:
        """Return what is seen of the process now."""
        ended = self.why_ended()
        if ended is not None:
            return Sight(ended, self.process.returncode, self.log)
        pid = self.process_id()
        waiting = queue_of_listener(self.address[1])
        return Sight(
            log=self.log,
            busy=pid is not None and computes(pid),
            ignored=waiting >= len(self.clients) > 0,
        )

    # ------------------------------------------------------- the process, and its end

    def process_id(self) -> int | None:
        """Return the process that runs the submission, or None when it has ended."""
        return self.limits.pid_of_submission()

    def why_ended(self) -> str | None:
        """Return why it has ended, in words; None while it runs."""
        # What a client sees of an end comes a moment before the status.
        if self.process.wait(0.2) is None and self.process.alive:
            return None
        return self.limits.reason or ended_because(self.process.returncode, self.log)

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
        for client in self.clients:
            client.peer.close()
        self.end()


def ended_because(status: int | None, log: str) -> str:
    """Say why a submission's process has ended, from its status and its last words."""
    words = last_words(log)
    if status == child.MISSING:
        return f"{DEFINES_NO}function serve(listener)"
    if status == child.BROKEN:
        return f"the file could not be loaded ({words or 'it says nothing'})"
    if status == 0:
        return "it ended by itself, as if there was nothing more to do"
    if status is not None and status < 0:
        return f"it was ended by signal {-status}"
    return f"it ended with {words}" if words else f"it ended with status {status}"
