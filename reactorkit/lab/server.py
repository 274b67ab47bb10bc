"""A real server in a process of its own: started, watched from outside, and ended."""

from __future__ import annotations

import os
import sys
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from reactorkit.errors import KitError
from reactorkit.lab.gauges import Change, Gauges, sample
from reactorkit.lab.machine import descriptor_limit
from reactorkit.lab.peer import Peer
from reactorkit.lab.process import KeptProcess
from reactorkit.lab.sources import resolve
from reactorkit.lab.watched import Watched
from reactorkit.servers import SERVERS

# The parent folder of the package: makes `-m reactorkit` work from any working folder.
IMPORT_ROOT = str(Path(__file__).resolve().parents[2])


class Server:
    """A rung of the ladder, or a learner's file, that runs under a keeper and listens.

    Made by `serve(...)`. Usable as a context manager, which stops it at the end.
    """

    def __init__(
        self,
        target: str | os.PathLike[str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        descriptors: int | None = None,
        timeout: float = 10.0,
        watch: bool = False,
    ) -> None:
        self.watched = Watched() if watch else None  # its inside, if it is to be seen
        self.target = target_word(target)
        self.name = Path(self.target).stem
        self.host, self.port = host, 0
        self._peers: weakref.WeakSet[Peer] = weakref.WeakSet()
        if descriptors is not None and descriptors > descriptor_limit():
            raise KitError(
                f"{descriptors} descriptors are more than this machine allows a process "
                f"({descriptor_limit()})."
            )
        # -P keeps the working folder off sys.path: a learner's socket.py must not shadow ours.
        command = [sys.executable, "-P", "-m", "reactorkit", "serve", self.target]
        if self.watched is not None:
            command = self.watched.command(command)
        self._process = KeptProcess(
            [*command, "--host", host, "--port", str(port)],
            on_line=self._read_address,
            env={"PYTHONPATH": python_path()},
            nofile=descriptors,
        )
        self._wait_until_listening(timeout)

    def _read_address(self, stream: str, line: str) -> None:
        words = line.split()
        if stream == "out" and not self.port and len(words) == 3 and words[0] == "listening":
            self.host, self.port = words[1], int(words[2])
        if self.watched is not None:
            self.watched.printed(stream, line)

    def _wait_until_listening(self, timeout: float) -> None:
        try:
            # The keeper tells the pid on a pipe of its own: it may be read after this line.
            listening = self._process.wait_until(
                lambda: bool(self.port) and self._process.pid is not None, timeout
            )
            if listening and self.watched is not None:
                self.watched.begin(timeout)
        except BaseException:
            self.kill()
            raise
        finally:
            if self.watched is not None:
                self.watched.abandon()
        if listening:
            return
        ended = not self._process.alive
        self.kill()
        reason = "ended" if ended else f"did not listen within {timeout:g} s and was killed"
        said = self.log.strip() or "It printed nothing."
        raise KitError(f"{self.name} {reason} before it accepted connections.\n{said}")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as socket.connect takes them."""
        return self.host, self.port

    @property
    def pid(self) -> int:
        """The server's own process id (not its keeper's)."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.alive

    @property
    def returncode(self) -> int | None:
        """Its exit status once it has ended; negative: the signal that ended it."""
        return self._process.returncode

    @property
    def log(self) -> str:
        """What it has printed so far, errors included (the last 2,000 lines)."""
        return "\n".join(self._process.lines)

    @property
    def serving_pid(self) -> int:
        """The process that does the work: its own, or the program that it has started for it."""
        if self.target not in {rung.name for rung in SERVERS if rung.own_process}:
            return self.pid
        started = psutil.Process(self.pid).children()
        return started[0].pid if started else self.pid

    def gauges(self) -> Gauges:
        """Read CPU, memory, threads, switches and descriptors once, from outside."""
        return sample(self.serving_pid)

    def measure(self, seconds: float = 1.0) -> Change:
        """Watch it for `seconds` and return what it used meanwhile."""
        before = self.gauges()
        time.sleep(seconds)  # the measurement is this stretch of time
        return self.gauges() - before

    def connect(self, **options: Any) -> Peer:
        """Connect one scripted client; the options are Peer's."""
        peer = Peer(self.address, **options)
        self._peers.add(peer)
        return peer

    def hang_up(self) -> None:
        """Close every client that `connect()` gave. Closing one twice does nothing."""
        for peer in list(self._peers):
            peer.close()

    def pause(self) -> None:
        """Stop the process where it stands (SIGSTOP). The kernel goes on accepting for it."""
        self._process.ask(b"s")
        self._wait_until_stopped()

    def resume(self) -> None:
        """Let a paused process go on (SIGCONT)."""
        self._process.ask(b"c")

    def _wait_until_stopped(self) -> None:
        """Wait until the process stands still: the request goes through the keeper."""
        process, deadline = psutil.Process(self.pid), time.monotonic() + 5
        while process.status() != psutil.STATUS_STOPPED:
            if time.monotonic() > deadline:
                raise KitError(f"{self.name} could not be paused within 5 s.")
            os.sched_yield()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end; returns its status, or None when it still runs after `timeout` s."""
        return self._process.wait(timeout)

    def stop(self, timeout: float = 5.0) -> int | None:
        """End it: SIGTERM, and after `timeout` seconds SIGKILL. Returns the exit status."""
        if self.watched is not None:
            self.watched.let_go()
        return self._told_all(self._process.stop(timeout))

    def kill(self) -> int | None:
        """Kill it at once, with everything it started."""
        return self._told_all(self._process.kill())

    def _told_all(self, status: int | None) -> int | None:
        if self.watched is not None:
            self.watched.finish()
        return status

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        if self.alive:
            return f"{self.name} listens at {self.host}:{self.port} (process {self.pid})"
        return f"{self.name} has ended (status {self.returncode})"


def target_word(target: str | os.PathLike[str]) -> str:
    """Return what the launcher is given: a rung's name, or the whole path of a file.

    A notebook runs in its own folder, and `edit` shows paths from the course's: both are found.
    """
    word = os.fspath(target)
    return word if word in {rung.name for rung in SERVERS} else str(resolve(word))


def python_path() -> str:
    """Return a PYTHONPATH with which a child finds this package from any working folder."""
    existing = os.environ.get("PYTHONPATH", "")
    return IMPORT_ROOT + (os.pathsep + existing if existing else "")
