"""echo_busywait behind sockets that count: the taught server runs unchanged and does not notice.

The launcher hands a server its listener. This one hands on a listener of its own class, which
counts each accept() and gives out connections that count each recv() and send(). A pass of the
busy loop begins with accept(), so that is where one pass ends and the next begins. Counted is
what the server asked for, call by call, with what the kernel answered: bytes, or nothing yet.

A client learns the totals by asking the server for them: what it hears in place of an echo is
one line of JSON with everything since the last such question. "hold!" makes the loop stand still
at the beginning of its next pass: only then is it echoed, and the loop goes on when the same
client has said "go!". So several things can happen between two passes. Counting costs a little
time per call: use it for counts, not for times.
"""

from __future__ import annotations

import importlib
import json
import socket
from collections import Counter
from typing import Any

TOTALS, HOLD, GO = b"totals?", b"hold!", b"go!"

Call = tuple[str, int, str]  # which call, on whose connection (0: the listener), its answer


class Tally:
    """What has been counted since the last question."""

    def __init__(self) -> None:
        self.newcomers = 0
        self.asked_to_hold: CountingSocket | None = None
        self._discard = True
        self._running: list[Call] = []
        self._reset()

    def _reset(self) -> None:
        self._answers: Counter[str] = Counter()
        self._shapes: Counter[tuple[int, int, int]] = Counter()
        self._eventful: list[Call] = []

    def note(self, call: str, client: int, answer: str) -> None:
        """Count one call and its answer."""
        self._running.append((call, client, answer))
        self._answers[answer if answer == "nothing" else "something"] += 1

    def next_pass(self) -> None:
        """Close the pass that is over: how many calls of each kind it made."""
        if not self._discard:
            kinds = [call for call, _, _ in self._running]
            shape = kinds.count("accept"), kinds.count("recv"), kinds.count("send")
            self._shapes[shape] += 1
            if any(answer != "nothing" for _, _, answer in self._running):
                self._eventful = self._running
        self._discard = False
        self._running = []

    def report(self) -> bytes:
        """Return one line of JSON and begin again; the pass of the question itself is left out."""
        totals = {
            "nothing": self._answers["nothing"],
            "something": self._answers["something"],
            "passes": [[*shape, count] for shape, count in self._shapes.items()],
            "eventful": self._eventful,
        }
        self._reset()
        self._discard = True
        return json.dumps(totals).encode() + b"\n"


class CountingSocket(socket.socket):
    """A connection whose recv() and send() are counted."""

    tally: Tally
    number = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As the original, counted; a question to the tally is answered in place of the echo."""
        try:
            data = super().recv(size, flags)
        except BlockingIOError:
            self.tally.note("recv", self.number, "nothing")
            raise
        if data == TOTALS:
            return self.tally.report()
        if data == HOLD:
            self.tally.asked_to_hold = self
            raise BlockingIOError  # for the server, nothing has arrived yet
        self.tally.note("recv", self.number, f"{len(data)} bytes")
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        """As the original, counted."""
        try:
            sent = super().send(data, flags)
        except BlockingIOError:
            self.tally.note("send", self.number, "nothing")
            raise
        self.tally.note("send", self.number, f"{sent} bytes")
        return sent


class CountingListener(socket.socket):
    """The listener: every accept() is counted, and begins a pass."""

    tally: Tally

    def accept(self) -> tuple[CountingSocket, Any]:
        """As the original, counted; returns a counting connection."""
        self.tally.next_pass()
        self._hold_if_asked()
        try:
            fd, address = self._accept()  # type: ignore[attr-defined]
        except BlockingIOError:
            self.tally.note("accept", 0, "nothing")
            raise
        self.tally.newcomers += 1
        self.tally.note("accept", 0, "a connection")
        connection = CountingSocket(self.family, self.type, self.proto, fileno=fd)
        connection.tally, connection.number = self.tally, self.tally.newcomers
        return connection, address

    def _hold_if_asked(self) -> None:
        asker, self.tally.asked_to_hold = self.tally.asked_to_hold, None
        if asker is None:
            return
        asker.setblocking(True)
        socket.socket.sendall(asker, HOLD)
        while socket.socket.recv(asker, len(GO)) not in (GO, b""):
            pass
        asker.setblocking(False)


def serve(listener: socket.socket) -> None:
    """Serve with echo_busywait, counting."""
    counting = CountingListener(fileno=listener.detach())
    counting.tally = Tally()
    # By name, as the launcher does it: no part of the kit imports a taught server.
    importlib.import_module("reactorkit.servers.echo_busywait").serve(counting)
