"""The two ends of a channel under test: a clock that is moved by hand, and a reader."""

import json
import select

from reactorkit.trace.events import faults
from reactorkit.trace.state import apply, initial


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self):
        self.now = 1_000_000_000

    def __call__(self):
        return self.now

    def after(self, nanoseconds):
        self.now += nanoseconds
        return self.now


class Reader:
    """The watching end: reads what is there, folds it, and complains about bad events."""

    def __init__(self, sock):
        self.sock, self.rest, self.events, self.header = sock, b"", [], None
        self.state = None

    def read(self, patience=0):
        """Read everything that has been written so far; returns the new events."""
        new = []
        while select.select([self.sock], [], [], patience)[0]:
            data = self.sock.recv(1 << 20)
            if not data:
                break
            self.rest += data
        *lines, self.rest = self.rest.split(b"\n")
        for line in lines:
            event = json.loads(line)
            if self.header is None:
                self.header, self.state = event, initial(event)
                continue
            assert faults(event) == []
            new.append(event)
            apply(self.state, event)
        self.events += new
        return new


def kinds(events):
    return [event["e"] for event in events]


def as_json(state):
    return json.loads(json.dumps(state))
