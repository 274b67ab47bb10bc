"""A reactor on each selector that this system has, and pairs of sockets that end with the test."""

import selectors
import socket
import time

import pytest

from reactorkit.reactor import READ, EventHandler, Reactor

NAMES = ("SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector", "DevpollSelector")
SELECTORS = [getattr(selectors, name) for name in NAMES if hasattr(selectors, name)]
TIME = 20.0  # seconds: a turn that has not come by then does not come


@pytest.fixture(params=SELECTORS, ids=lambda one: one.__name__)
def reactor(request):
    reactor = Reactor(request.param())
    yield reactor
    reactor.close()


@pytest.fixture
def pair():
    """Make connected sockets, (ours, theirs), both non-blocking."""
    made = []

    def make():
        two = socket.socketpair()
        for sock in two:
            sock.setblocking(False)
        made.extend(two)
        return two

    yield make
    for sock in made:
        sock.close()


class Recorder(EventHandler):
    """Writes down what happens to it, and can be told what else to do."""

    def __init__(self, reactor, handle, events=READ, story=None, name=""):
        super().__init__(reactor, handle)
        self.events, self.name = events, name
        self.story = [] if story is None else story
        self.on_readable = self.on_writable = lambda: None

    @property
    def interest(self):
        return self.events

    def handle_readable(self):
        self.story.append(f"{self.name}readable")
        self.on_readable()

    def handle_writable(self):
        self.story.append(f"{self.name}writable")
        self.on_writable()

    def handle_close(self):
        self.story.append(f"{self.name}closed")
        super().handle_close()


@pytest.fixture
def recorder(reactor, pair):
    """Register a recorder; returns it, and the other end of its connection."""

    def make(**options):
        ours, theirs = pair()
        handler = Recorder(reactor, ours, **options)
        reactor.register_handler(handler)
        return handler, theirs

    return make


@pytest.fixture
def turn_until(reactor):
    """Take turns until a fact holds."""

    def turn(true):
        end = time.monotonic() + TIME
        while not true():
            assert time.monotonic() < end, "it does not come"
            reactor.handle_events(0.05)

    return turn
