"""The engine of a crowd: thousands of scripted clients in one thread, in a process of their own.

Started by crowd.py as `python -m reactorkit.lab.load SPEC` (SPEC is JSON). Prints one JSON line
of totals ten times a second, one with `"ready": true` once every client has tried to connect, and
one with `"done": true` at the end. SIGTERM ends it politely.

A client's script is a generator: it yields (events, deadline) and is resumed with True when one
of the events is there, or False when the deadline (monotonic seconds, or None) has passed first.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import json
import math
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Generator
from typing import Any

from reactorkit.lab.addresses import source_address
from reactorkit.lab.behaviours import Behaviour, behaviour
from reactorkit.lab.machine import raise_descriptors
from reactorkit.lab.peer import RESET_ON_CLOSE
from reactorkit.lab.score import Score

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
Waiting = Generator[tuple[int, float | None], Any, Any]

# More connection attempts at once than the listener's backlog would wait a second for a retry.
CONNECTING_AT_ONCE = 100
CONNECT_SECONDS = 10.0
REPORT_SECONDS = 0.1
FAREWELL_SECONDS = 1.0


class Client:
    """One client of the crowd, as its script sees it. Generators wait; plain methods do not."""

    def __init__(self, engine: Engine, index: int) -> None:
        self.index = index
        self.score = engine.score
        self.open = False
        self.gathering = False
        self.sock: socket.socket | None = None
        self._engine = engine

    def words(self, size: int) -> bytes:
        """Return `size` bytes that belong to this client."""
        own = b"client %06d says hello. " % self.index
        return (own * (size // len(own) + 1))[:size]

    def connect(self) -> Waiting:
        """Connect; ConnectionError when nobody listens, TimeoutError when it takes too long."""
        sock = self.sock = self._engine.new_socket(self.index)
        code = sock.connect_ex(self._engine.address)
        if code == errno.EINPROGRESS:
            arrived = yield WRITE, time.monotonic() + CONNECT_SECONDS
            if not arrived:
                raise TimeoutError("no connection in time")
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise ConnectionRefusedError(code, os.strerror(code))
        self.open = True
        self.score.connected += 1

    def send(self, data: bytes) -> Waiting:
        """Send all of `data`, waiting for room when the buffers are full."""
        assert self.sock is not None
        while data:
            try:
                sent = self.sock.send(data)
            except BlockingIOError:
                yield WRITE, None
                continue
            self.score.sent += sent
            data = data[sent:]

    def send_some(self, data: bytes, patience: float) -> Waiting:
        """Send what fits; wait up to `patience` s for room. Returns how many bytes went."""
        assert self.sock is not None
        for _ in range(2):
            try:
                sent = self.sock.send(data)
            except BlockingIOError:
                if not (yield WRITE, time.monotonic() + patience):
                    return 0
                continue
            self.score.sent += sent
            return sent
        return 0

    def recv(self, n: int = 65536, deadline: float | None = None) -> Waiting:
        """Return what arrived, b"" at the end of the stream, or None at the deadline."""
        while (yield READ, deadline):
            data = self.recv_now(n)
            if data is not None:
                return data
        return None

    def recv_now(self, n: int = 65536) -> bytes | None:
        """Return what is there, b"" at the end of the stream, None when nothing is there."""
        assert self.sock is not None
        try:
            data = self.sock.recv(n)
        except BlockingIOError:
            return None
        self.score.received += len(data)
        if not data:
            self.open = False
            self.score.eofs += 1
        return data

    def recv_exactly(self, n: int) -> Waiting:
        """Return `n` bytes, or fewer when the stream ends before."""
        data = yield from self.recv()
        while data and len(data) < n and self.open:
            data += yield from self.recv()
        return data

    def sleep(self, seconds: float) -> Waiting:
        """Wait without looking at the socket."""
        yield 0, time.monotonic() + seconds

    def gather(self) -> Waiting:
        """Wait until everybody who is still connected has come to this point."""
        self.gathering = True
        self._engine.gathered += 1
        yield 0, None

    def half_close(self) -> None:
        """End our own stream, keep reading."""
        assert self.sock is not None
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break off with RST."""
        assert self.sock is not None
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.close()

    def close(self) -> None:
        """Close our end."""
        self.open = False
        if self.sock is not None:
            self._engine.forget(self.sock)
            self.sock.close()
            self.sock = None


class Task:
    """A client's running script and what it waits for."""

    def __init__(self, client: Client, script: Waiting) -> None:
        self.client, self.script = client, script
        self.events, self.wait_number = 0, 0


class Engine:
    """Runs the scripts of all clients until told to stop."""

    def __init__(self, address: tuple[str, int], clients: int, what: Behaviour) -> None:
        self.address, self.what = address, what
        self.score = Score()
        self.selector = selectors.DefaultSelector()
        self.timers: list[tuple[float, int, Task, int]] = []
        self.clients: list[Client] = []
        self.tried = self._connecting = self.gathered = 0
        self._tasks: list[Task] = []
        self._waiting_room = deque(range(clients))
        self._sequence = 0
        self.running = True

    def new_socket(self, index: int) -> socket.socket:
        """Make the socket of client `index`, bound to its source address where there are many."""
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.what.receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.what.receive_buffer)
        source = source_address(self.address[0], index)
        if source is not None:
            sock.bind((source, 0))
        return sock

    def _admit(self) -> None:
        """Let the next clients in the queue start to connect."""
        while self._waiting_room and self._connecting < CONNECTING_AT_ONCE:
            client = Client(self, self._waiting_room.popleft())
            self.clients.append(client)
            self._connecting += 1
            task = Task(client, self._life(client))
            self._tasks.append(task)
            self._resume(task, True)

    def start(self) -> None:
        """Everybody has tried to connect: let the scripts begin, and count from here."""
        self.score.start_over()
        for task in self._tasks:
            if task.client.open:
                self._resume(task, True)

    def _life(self, client: Client) -> Waiting:
        try:
            yield from client.connect()
        except OSError:
            self.score.refused += 1
            client.close()
            return
        finally:
            self.tried += 1
            self._connecting -= 1
        yield 0, None  # everybody starts together, see start()
        try:
            yield from self.what.script(client)
        except ConnectionError:
            self.score.resets += 1
        except TimeoutError:
            self.score.refused += 1
        client.close()

    def forget(self, sock: socket.socket) -> None:
        """Stop watching a socket that is about to be closed."""
        if sock.fileno() in self.selector.get_map():
            self.selector.unregister(sock)

    def _resume(self, task: Task, arrived: bool) -> None:
        task.wait_number += 1
        try:
            # A generator that has not started yet takes nothing but None.
            events, deadline = task.script.send(arrived if task.wait_number > 1 else None)
        except StopIteration:
            return
        task.events = events
        sock = task.client.sock
        if events and sock is not None:
            self._watch(sock, events, task)
        if deadline is not None:
            self._sequence += 1
            entry = (deadline, self._sequence, task, task.wait_number)
            heapq.heappush(self.timers, entry)

    def _watch(self, sock: socket.socket, events: int, task: Task | None) -> None:
        key = self.selector.get_map().get(sock)
        if key is None:
            self.selector.register(sock, events, task)
        elif key.events != events or key.data is not task:
            self.selector.modify(sock, events, task)

    def turn(self, until: float) -> None:
        """Wait for events, timers or `until`, and resume whoever they are for."""
        self._admit()
        now = time.monotonic()
        nearest_timer = self.timers[0][0] if self.timers else until
        for key, mask in self.selector.select(max(0.0, min(nearest_timer, until) - now)):
            task: Task = key.data
            if task.events & mask:
                self._resume(task, True)
            elif task.client.sock is not None:
                # It does not look at its socket now; level-triggered readiness would spin.
                self.forget(task.client.sock)
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            _, _, task, number = heapq.heappop(self.timers)
            if number == task.wait_number:
                self._resume(task, False)
        if self.gathered and all(c.gathering for c in self.clients if c.open):
            self._go_on_together()

    def _go_on_together(self) -> None:
        self.gathered = 0
        for task in self._tasks:
            if task.client.gathering:
                task.client.gathering = False
                self._resume(task, True)

    def farewell(self) -> None:
        """Leave politely: end every stream, read what still comes for a moment, then close.

        Closing with bytes unread would send RST, and a reset ends a naive server.
        """
        leaving = {c.sock for c in self.clients if c.open and c.sock is not None}
        deadline = time.monotonic() + FAREWELL_SECONDS
        for own in leaving:
            self._watch(own, READ, None)
            with contextlib.suppress(OSError):
                own.shutdown(socket.SHUT_WR)
        while leaving and time.monotonic() < deadline:
            for key, _ in self.selector.select(deadline - time.monotonic()):
                sock: Any = key.fileobj
                with contextlib.suppress(OSError):
                    if sock.recv(1 << 20):
                        continue
                self.selector.unregister(sock)
                leaving.discard(sock)
        for client in self.clients:
            client.close()


def report(**extra: Any) -> None:
    """Print one line for the crowd's owner."""
    sys.stdout.write(json.dumps(extra) + "\n")
    sys.stdout.flush()


def run(engine: Engine, clients: int, seconds: float | None) -> None:
    """Connect everybody, run for `seconds` (or until stopped), and report."""
    while engine.tried < clients and engine.running:
        engine.turn(time.monotonic() + REPORT_SECONDS)
    report(ready=True, **engine.score.snapshot())
    engine.start()
    end = math.inf if seconds is None else time.monotonic() + seconds
    next_report = 0.0
    while engine.running and (now := time.monotonic()) < end:
        if now >= next_report:
            report(**engine.score.snapshot())
            next_report = now + REPORT_SECONDS
        engine.turn(min(end, next_report))
    report(done=True, **engine.score.snapshot())
    engine.farewell()


def main() -> None:
    """Read the specification from the command line and run the crowd."""
    spec = json.loads(sys.argv[1])
    clients = spec["clients"]
    raise_descriptors(clients)
    what = behaviour(spec["behaviour"], **spec["options"])
    engine = Engine((spec["host"], spec["port"]), clients, what)

    def stop(*_: object) -> None:
        engine.running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run(engine, clients, spec["seconds"])


if __name__ == "__main__":
    main()
