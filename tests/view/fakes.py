"""A server that says what a test wants it to say, and a browser that paints when it is told to."""

import base64
import json
import subprocess
import threading
import time
from pathlib import Path

from javascript import node

from reactorkit.trace.events import encode, header
from reactorkit.trace.recording import Recording
from reactorkit.trace.shape import initial, keyframe, snapshot
from reactorkit.trace.state import apply
from reactorkit.view.source import Source, introduce

READER = Path(__file__).parent.parent / "view_js" / "read_messages.mjs"


class FakeInside:
    """What `server.watched` is, without a server."""

    def __init__(self, name="echo_select", style="select", **more):
        self.header = header(name, style, monotonic=time.monotonic_ns(), **more)
        self.ended, self.fault = False, None
        self.commands = []
        self.told = initial(self.header)
        self.lines = []
        self.subscribers = []

    @property
    def positions(self):
        return len(self.lines)

    @property
    def recording(self):
        return Recording.from_events(self.header, map(json.loads, self.lines))

    def state(self):
        return snapshot(self.told)

    def kept(self):
        return list(self.lines)

    def subscribe(self, callback):
        callback([keyframe(self.told)])
        self.subscribers.append(callback)
        return lambda: callback in self.subscribers and self.subscribers.remove(callback)

    def control(self, command):
        self.commands.append(command)
        return len(self.commands)

    def tell(self, *events):
        """Have these events happen."""
        for event in events:
            apply(self.told, event)
            self.lines.append(encode(event).encode())
        for callback in self.subscribers:
            callback(list(events))

    def turns(self, first, last, pause=10_000_000):
        """Have turns happen."""
        events = []
        for turn in range(first, last + 1):
            t = turn * pause
            events.append({"e": "wait", "t": t, "turn": turn, "n": 1})
            events.append({"e": "wake", "t": t + 1000, "turn": turn, "ready": []})
        self.tell(*events)

    def pause(self):
        t = self.told["t"]
        self.tell({"e": "ctl", "t": t, "what": "pause"}, {"e": "held", "t": t, "at": "turn"})


def source(inside=None, **more):
    """Return a source of a fake server."""
    one = Source(inside or FakeInside(), "echo_select", **more)
    introduce([one])
    return one


class Browser:
    """Keeps what a pump sends; `paint` says that the last message has been painted."""

    def __init__(self):
        self.pump = None
        self.messages = []
        self.times = []
        self._news = threading.Condition()

    def send(self, content, buffers):
        with self._news:
            self.messages.append((content, buffers))
            self.times.append(time.monotonic())
            self._news.notify_all()

    def hello(self):
        self.pump.hear({"do": "hello"})

    def paint(self):
        self.pump.hear({"do": "painted", "n": self.messages[-1][0]["n"]})

    def wait_for(self, count, timeout=20):
        """Wait until so many messages have come."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.messages) >= count, timeout), (
                f"{len(self.messages)} of {count} messages; {self.pump.fault!r}"
            )

    def frames(self, of=0):
        """Return the frames that the messages about one server make, as the browser reads them."""
        told = [
            buffers[content["of"].index(of)]
            for content, buffers in list(self.messages)
            if of in content.get("of", [])
        ]
        return frames_of(told)

    def until(self, true, of=0, timeout=20):
        """Paint each message that comes until a frame fulfils something; returns that frame."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            seen = len(self.messages)
            frame = next((one for one in reversed(self.frames(of)) if true(one)), None)
            if frame is not None:
                return frame
            if self.messages:
                self.paint()
            with self._news:
                self._news.wait_for(lambda seen=seen: len(self.messages) > seen, 1)
        raise AssertionError(
            f"no such frame; the last: {self.frames(of)[-1:]}, {self.pump.fault!r}"
        )


def frames_of(messages):
    """Return the frames in messages about one server, read by Node; None where one was missing."""
    lines = [base64.b64encode(one).decode() for one in messages]
    done = subprocess.run(
        [node(), str(READER)], input=json.dumps(lines), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
