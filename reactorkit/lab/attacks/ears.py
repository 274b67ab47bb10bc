"""Many connections to one server, listened to at once, and a server that may have stopped for good.

Whoever waits for an answer has to decide when to give up. A clock alone would call a slow machine a
stalled server. So what counts is what the server does. A process that has something to read is not
asleep, it runs or waits for a core: one that sleeps for seconds with our bytes unread is waiting
for something else. And one that never sleeps has had its chance when it has used enough CPU time.
"""

from __future__ import annotations

import contextlib
import selectors
import sys
import time
from collections.abc import Callable

import psutil

from reactorkit.lab.gauges import cpu_seconds
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server

PATIENCE = 60.0  # seconds: longest wait for anything, on a machine that has no core for us
STILL = 3.0  # seconds that a server sleeps while somebody waits; asyncio may pause accept() for 1
REST = 0.3  # seconds of sleep after which it has dealt with everything that has come
AN_INSTANT = 0.1  # of the time between two looks
BUSY = 10.0  # seconds of CPU time in which a server that never sleeps should have answered
TURNS = 0.5  # seconds of CPU time in which it has come round many times
LOOK = 0.02  # seconds between two looks at the server


class Doings:
    """What a server does, as far as it is looked at.

    still: seconds that it has slept; waking up for an instant, as for a timer, does not count.
    used: CPU seconds since the first look.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._since = self._looked = time.monotonic()
        self.still = self.used = 0.0
        self._cpu = 0.0
        _, self._cpu = self._read()
        self._first = self._cpu

    def look(self) -> None:
        """Look again."""
        awake, cpu = self._read()
        now = time.monotonic()
        if awake or cpu - self._cpu > AN_INSTANT * (now - self._looked):
            self._since = now
        self._cpu, self._looked = cpu, now
        self.still, self.used = now - self._since, cpu - self._first

    def _read(self) -> tuple[bool, float]:
        """Return whether it runs or could run, and the CPU seconds that it has used so far."""
        try:
            process = psutil.Process(self._server.serving_pid)
            # macOS calls nearly every process running; there, CPU time has to do.
            awake = process.status() != psutil.STATUS_SLEEPING and sys.platform == "linux"
            return awake, cpu_seconds(process)
        except psutil.NoSuchProcess:
            return False, self._cpu


class Ear:
    """One connection: what it has heard, what it still wants to say, and whether it has ended."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.heard = bytearray()
        self.unsaid = bytearray()
        self.listening = True
        self.ended = ""
        self.tap: Callable[[bytes], None] | None = None  # is given every piece as it comes

    def say(self, data: bytes) -> None:
        """Have bytes sent, as fast as the server takes them, while somebody waits (`Ears.wait`)."""
        self.unsaid += data

    @property
    def interest(self) -> int:
        """What a selector should wait for."""
        if self.ended:
            return 0
        return (selectors.EVENT_READ if self.listening else 0) | (
            selectors.EVENT_WRITE if self.unsaid else 0
        )

    def move(self, events: int) -> None:
        """Read and write what is possible now, or note how the connection has ended."""
        try:
            if events & selectors.EVENT_READ:
                data = self.peer.sock.recv(1 << 20)
                self.heard += data
                if self.tap is not None:
                    self.tap(data)
                self.ended = "" if data else "the end of the stream"
            if events & selectors.EVENT_WRITE and not self.ended:
                del self.unsaid[: self.peer.sock.send(self.unsaid[: 1 << 18])]
        except BlockingIOError:
            pass  # readiness is a hint
        except OSError as error:
            self.ended = f"{type(error).__name__}"

    def reset(self) -> None:
        """Break the connection off."""
        self.ended = "own reset"
        self.peer.reset()

    def leave(self) -> None:
        """End it politely."""
        self.ended = "own end"
        self.peer.close()

    def close_unread(self) -> None:
        """Close with bytes unread: the kernel sends RST in our name (RFC 1122, 4.2.2.13)."""
        self.ended = "own end"
        self.peer.sock.close()


class Ears:
    """Every connection to one server, as a context manager: all end with it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.all: list[Ear] = []
        self._selector = selectors.DefaultSelector()

    def connect(self, *, listening: bool = True, rcvbuf: int | None = None) -> Ear:
        """Connect one more; KitError when nobody answers."""
        peer = Peer(self.server.address, timeout=PATIENCE, rcvbuf=rcvbuf)
        peer.sock.setblocking(False)
        ear = Ear(peer)
        ear.listening = listening
        self.all.append(ear)
        return ear

    def wait(
        self,
        until: Callable[[], bool],
        of: Ear | None = None,
        *,
        still: float = STILL,
        busy: float = BUSY,
    ) -> bool:
        """Listen and speak for everybody until `until()` holds; returns whether it does.

        Gives up when the connection `of` has ended, or the server. And when no byte has moved
        since the server slept for `still` seconds, or used `busy` seconds of CPU time, or PATIENCE
        is over.
        """
        moved = time.monotonic()
        doings: Doings | None = None
        while not until():
            if of is not None and of.ended:
                return False
            if self.turn():
                moved, doings = time.monotonic(), None
                continue
            if not self.server.alive:
                return until()
            doings = doings or Doings(self.server)
            doings.look()
            waited = time.monotonic() - moved
            if doings.still > still or doings.used > busy or waited > PATIENCE:
                return until()
        return True

    def turn(self, timeout: float = LOOK) -> bool:
        """Move whatever can be moved within `timeout` s; returns whether something was."""
        for ear in self.all:
            self._watch(ear)
        ready = self._selector.select(timeout)
        for key, mask in ready:
            key.data.move(mask)
        return bool(ready)

    def _watch(self, ear: Ear) -> None:
        fd, events = ear.peer.sock.fileno(), ear.interest
        key = self._selector.get_map().get(fd) if fd >= 0 else None
        if key is not None and key.data is ear and key.events == events:
            return
        if key is not None:  # another interest; or a closed socket's number, used again
            self._selector.unregister(fd)
        if events:
            self._selector.register(fd, events, ear)

    def forget(self, ear: Ear) -> None:
        """Close a connection, if it is not closed yet, and listen to it no more."""
        ear.peer.sock.close()
        self.all.remove(ear)

    def rest(self) -> None:
        """Listen until the server sleeps, or has come round many times: it has seen everything."""
        self.wait(lambda: False, still=REST, busy=TURNS)

    def close(self) -> None:
        """End every connection at once; what is unsaid stays unsaid."""
        self._selector.close()
        for ear in self.all:
            with contextlib.suppress(OSError):
                ear.peer.sock.close()

    def __enter__(self) -> Ears:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
