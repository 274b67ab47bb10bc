"""x05: a reactor that others can build on. The callbacks run here, the reactor over there."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from reactorkit.grading.expect import made
from reactorkit.grading.functions import Call, FunctionStage, Refusal, Remote
from reactorkit.grading.story import Unmet

READ, WRITE = 1, 2
PATIENCE = 5.0  # seconds for a run() that ought to end
SPAN = 0.6  # seconds of silence, long enough to see whether somebody sleeps or spins
BUSY = 0.1  # share of that span; a wait takes next to nothing, a spinning loop a core or its part


class Scene:
    """A reactor over there, and connections between handles and us."""

    def __init__(self, stage: FunctionStage) -> None:
        self.stage, self.story = stage, stage.story
        self.reactor = made(stage, "Reactor", said="Reactor()")
        self.seen: list[Any] = []  # what was called, in order

    def pair(self) -> tuple[Remote, Remote]:
        """Return two connected sockets, both of them over there."""
        near, far = self.stage.call("_socketpair")
        near.call("setblocking", False)
        return near, far

    def ready(self) -> tuple[Remote, Remote]:
        """Return a pair whose first socket has something to read."""
        near, far = self.pair()
        far.call("send", b"!")
        return near, far

    def register(self, handle: Remote, events: int, function: Callable[..., Any]) -> None:
        """Register a function of ours, which is called with a handle and what is ready."""
        self.reactor.call("register", handle, events, self.stage.callback(function))

    def modify(self, handle: Remote, events: int, function: Callable[..., Any]) -> None:
        """Change both of a registration."""
        self.reactor.call("modify", handle, events, self.stage.callback(function))

    def unregister(self, handle: Remote) -> None:
        """Take a handle out."""
        self.reactor.call("unregister", handle)

    def soon(self, function: Callable[..., Any], *args: Any) -> None:
        """Have something called soon."""
        self.reactor.call("call_soon", self.stage.callback(function), *args)

    def stop(self, *_: Any) -> None:
        """Stop it."""
        self.reactor.call("stop")

    def runs(self, cause: str = "", run: Call | None = None) -> None:
        """Have it run, until it ends by itself."""
        try:
            (run or self.reactor.start("run")).result(PATIENCE)
        except Unmet as unmet:
            raise Unmet(unmet.expected, unmet.got, unmet.cause or cause) from None

    def expects(self, what: str, expected: list[Any], cause: str) -> None:
        """Compare what was called with what should have been."""
        if self.seen != expected:
            got = ", ".join(map(str, self.seen)) or "nothing"
            raise Unmet(f"{what}: {', '.join(map(str, expected))}", got, cause)
        self.story.expectation(what)


def calls(stage: FunctionStage) -> None:
    """A handle gets ready three times, and its callback is called with it each time."""
    scene = Scene(stage)
    near, far = scene.pair()
    words = [stage.rng.randbytes(12) for _ in range(3)]
    heard = []

    def readable(handle: Any = None, ready: Any = None, *more: Any) -> None:
        if not isinstance(handle, Remote) or handle.number != near.number or ready != READ or more:
            told = "another handle" if isinstance(handle, Remote) else repr(handle)
            told = "the handle" if getattr(handle, "number", None) == near.number else told
            raise Unmet(
                "a call with the handle and 1, which is EVENT_READ",
                f"a call with {told} and {ready!r}{' and more' if more else ''}",
                "The callback takes what was registered, and the events that are ready.",
            )
        heard.append(handle.call("recv", 100))
        if len(heard) == len(words):
            scene.stop()
        else:
            far.call("send", words[len(heard)])

    stage.story.action("a handle is registered for reading; three times something arrives for it")
    scene.register(near, READ, readable)
    far.call("send", words[0])
    scene.runs("run() takes turn after turn; stop() ends it.")
    if heard != words:
        raise Unmet("three calls, one for each arrival", f"{len(heard)}")
    stage.story.expectation("its callback is called three times, then run returns")


def stops(stage: FunctionStage) -> None:
    """Two handles are ready, and each callback stops the reactor: both are called, then it ends."""
    scene = Scene(stage)

    def callback(handle: Remote, _: int) -> None:
        scene.seen.append("a callback")
        handle.call("recv", 100)
        scene.stop()

    for _ in range(2):
        scene.register(scene.ready()[0], READ, callback)
    stage.story.action("two handles are ready; the callback of each calls stop()")
    scene.runs("When stop() has been called, no further select() may be waited for.")
    scene.expects("both are called once", ["a callback"] * 2, "stop() lets the turn be finished.")


def sleeps(stage: FunctionStage) -> None:
    """Between two events nothing happens, and costs nothing."""
    scene = Scene(stage)
    given = stage.pair()
    near = stage.call("_hold", given)
    costs = []
    later = threading.Timer(SPAN, _send, [given.far])

    def readable(handle: Remote, _: int) -> None:
        handle.call("recv", 100)
        costs.append(stage.gauges())
        if len(costs) == 1:
            later.start()
        else:
            scene.stop()

    scene.register(near, READ, readable)
    given.far.sendall(b"!")
    stage.story.action(f"a word arrives, then nothing for {SPAN} seconds, then another word")
    try:
        scene.runs("run() has to hear of the second word, too.")
    finally:
        later.cancel()
    change = costs[1] - costs[0]
    if change.cpu_seconds > BUSY * change.seconds:
        raise Unmet(
            "a reactor that sleeps while nothing is ready",
            f"one that is busy for {change.cpu_seconds:.2f} of {change.seconds:.2f} seconds",
            "select() without a time-out waits in the kernel; with 0, or in a loop with a short "
            "one, the processor works all the time.",
        )
    stage.story.expectation("meanwhile it sleeps")


def _send(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the check is over already, and says why
        sock.sendall(b"!")


def changes(stage: FunctionStage) -> None:
    """Registrations change, from outside and from callbacks."""
    scene = Scene(stage)
    first, far = scene.ready()
    second, other = scene.ready()

    def never(*_: Any) -> None:
        raise Unmet(
            "a call of the newest callback",
            "a call of the one before it",
            "modify() replaces events and callback, both.",
        )

    def writable(handle: Remote, ready: int) -> None:
        scene.seen.append(("first", ready))
        scene.unregister(handle)  # itself
        scene.register(second, READ, once)

    def once(handle: Remote, ready: int) -> None:
        scene.seen.append(("second", ready))
        scene.modify(handle, READ, twice)  # itself, and it has not read: it is ready again

    def twice(handle: Remote, ready: int) -> None:
        scene.seen.append(("second, modified", ready))
        handle.call("recv", 100)
        scene.unregister(handle)
        scene.register(handle, READ, again)
        other.call("send", b"?")

    def again(_: Remote, ready: int) -> None:
        scene.seen.append(("second, again", ready))
        scene.stop()

    scene.register(first, READ, never)
    scene.modify(first, WRITE, writable)
    stage.story.action("a handle is modified from reading to writing, with another callback")
    stage.story.action("callbacks register, modify and unregister handles, their own too")
    scene.runs("What a callback registers or modifies counts from the next turn on.")
    order = [("first", 2), ("second", 1), ("second, modified", 1), ("second, again", 1)]
    scene.expects("every change counts", order, "modify() changes the events, too.")
    far.call("close")


def soon(stage: FunctionStage) -> None:
    """What is called soon comes at the end of the turn, in order, and without waiting."""
    scene = Scene(stage)
    names = [f"{kind}{stage.rng.randrange(1000)}" for kind in "abcd"]

    def callback(handle: Remote, _: int) -> None:
        handle.call("recv", 100)
        scene.seen.append("a callback")
        for name in names[:2] if len(scene.seen) == 1 else names[2:]:
            scene.soon(later, name)

    def later(name: str) -> None:
        scene.seen.append(name)
        if name == names[3]:
            scene.soon(last, name, 7)  # nothing is ready any more

    def last(name: str, number: int) -> None:
        scene.seen.append(f"{name} and {number}")
        scene.stop()

    def start() -> None:
        for _ in range(2):
            scene.register(scene.ready()[0], READ, callback)

    scene.soon(start)
    stage.story.action("call_soon(start) is called, then run(); no handle is registered")
    stage.story.action("start registers two that are ready; each has two functions called soon")
    scene.runs("While something is to be called soon, select() must not wait: its time-out is 0.")
    expected = ["a callback"] * 2 + names + [f"{names[3]} and 7"]
    scene.expects(
        "both callbacks, then what was to be called soon, in order",
        expected,
        "call_soon() keeps it for the end of the turn, first in, first out, with its arguments.",
    )


def stale(stage: FunctionStage) -> None:
    """Two handles are ready; whichever comes first unregisters and closes the other."""
    scene = Scene(stage)
    pairs = [scene.ready() for _ in range(2)]
    handles = [near for near, _ in pairs]

    def callback(handle: Remote, _: int) -> None:
        if scene.seen:
            raise Unmet(
                "no call for a handle that has been unregistered",
                "a call for it",
                "The list that select() returned is older than the change: before each call, look "
                "whether the registration still stands.",
            )
        scene.seen.append("one callback")
        other = next(one for one in handles if one.number != handle.number)
        scene.unregister(other)
        other.call("close")
        scene.stop()

    for handle in handles:
        scene.register(handle, READ, callback)
    stage.story.action("two handles are ready; the first callback unregisters and closes the other")
    scene.runs()
    scene.expects("one callback is called", ["one callback"], "")


def reused(stage: FunctionStage) -> None:
    """The same, and the number of the closed one belongs to a new handle at once."""
    scene = Scene(stage)
    handles = [scene.ready()[0] for _ in range(2)]
    numbers = [stage.call("_fileno", handle) for handle in handles]

    def newcomer(*_: Any) -> None:
        raise Unmet(
            "no call for a new handle that has nothing to read",
            "a call for it, with the event of the closed one whose number it has",
            "The number of a descriptor is given out again as soon as it is free: compare the "
            "registration, not the number.",
        )

    def callback(handle: Remote, _: int) -> None:
        if scene.seen:
            raise Unmet("no call for a handle that has been unregistered", "a call for it")
        scene.seen.append("one callback")
        place = next(n for n, one in enumerate(handles) if one.number != handle.number)
        scene.unregister(handles[place])
        handles[place].call("close")
        scene.register(with_number(numbers[place]), READ, newcomer)
        scene.stop()

    def with_number(number: int) -> Remote:
        for _ in range(8):
            for one in scene.pair():
                if stage.call("_fileno", one) == number:
                    return one
        raise Unmet(
            "that the number of a closed handle is free",
            "it is not",
            "Something keeps a duplicate of the handle, or takes the number.",
        )

    for handle in handles:
        scene.register(handle, READ, callback)
    stage.story.action("two are ready; the first callback unregisters and closes the other")
    stage.story.action("it registers a new handle, to which the kernel has given the same number")
    scene.runs()
    scene.expects("one callback is called", ["one callback"], "")


def goes_on(stage: FunctionStage) -> None:
    """An exception in a callback ends neither the turn nor the run."""
    scene = Scene(stage)
    _two_that_raise(scene)
    stage.story.expectation("both are called, and called again in a later turn")


def reports(stage: FunctionStage) -> None:
    """An exception in a callback can be read on standard error."""
    scene = Scene(stage)
    words = _two_that_raise(scene)
    mark = f"end of the report {stage.rng.randrange(10**9)}"
    stage.call("_say", mark)
    stage.process.wait_until(lambda: mark in stage.process.lines, PATIENCE)
    log = "\n".join(stage.process.lines)
    for word in words:
        if word not in log or "Traceback" not in log:
            raise Unmet(
                f"a traceback with RuntimeError: {word} on standard error",
                "none" if word not in log else "its text alone",
                "Who catches everything owes a report: traceback.print_exc() writes one.",
            )
    stage.story.expectation("both tracebacks are on standard error")


def _two_that_raise(scene: Scene) -> list[str]:
    """Run with two handles whose callbacks raise the first time; return what they raise."""
    words: dict[int, str] = {}
    fars: dict[int, Remote] = {}
    second: list[int] = []

    def callback(handle: Remote, _: int) -> None:
        handle.call("recv", 100)
        fars[handle.number].call("send", b"!")
        if handle.number not in words:
            words[handle.number] = f"bug {scene.stage.rng.randrange(10**6)}"
            raise Refusal(words[handle.number])
        if len(words) < len(fars):
            raise Unmet(
                "that the other callback of the same turn is called",
                "it is not",
                "Catch what a callback raises around that one call, inside the loop.",
            )
        second.append(handle.number)
        if len(set(second)) == len(fars):
            scene.stop()

    for _ in range(2):
        near, far = scene.ready()
        fars[near.number] = far
        scene.register(near, READ, callback)
    scene.story.action("two handles are ready; the callback of each raises RuntimeError")
    scene.runs("Catch what a callback raises around that one call, and go on.")
    return list(words.values())
