"""x08a: bytes wait for room, and the selector is asked for it. The loop runs here, turn by turn."""

from __future__ import annotations

import select
import socket
import time
from typing import Any

from reactorkit.grading.checks.x01a import reset
from reactorkit.grading.expect import held, made, outcome, shown
from reactorkit.grading.functions import FunctionStage, Raised, Remote
from reactorkit.grading.story import Unmet, named

READ, WRITE = 1, 2
MIB = 1 << 20
PATIENCE = 10.0  # seconds until something that ought to come does not
SILENCE = 0.3  # seconds in which a selector that is asked for too much answers at once
LITTLE = 4096  # bytes, for the kernel's buffers of one that reads late
TRIES = 8  # connections, until one has the number that has just become free
CALM = "No method raises, and none waits: what does not go out now is kept until there is room."
OFF = "When nothing is left to send, ask for EVENT_READ alone."


class Member:
    """A connection over there with its writer: `far` is our end, `data` what the loop registered.

    Arguments:
        narrow: its kernel keeps little, so that what is sent soon has to wait.
        tcp: by TCP; otherwise by a pair of sockets of this machine, which reads little by little
            without the pauses that a small TCP window makes.
    """

    def __init__(self, loop: Loop, name: str, *, narrow: bool = False, tcp: bool = True) -> None:
        self.loop, self.name = loop, name
        stage = loop.stage
        given = stage.pair(rcvbuf=LITTLE if narrow and tcp else None, tcp=tcp)
        self.far = given.far
        self.near = held(stage, given, blocking=False)
        if narrow:
            self.near.call("setsockopt", socket.SOL_SOCKET, socket.SO_SNDBUF, LITTLE)
        self.number = number_of(stage, self.near)
        self.data = f"{name} {stage.rng.randrange(10**6)}"
        loop.selector.call("register", self.near, READ, self.data)
        self.writer = made(stage, "Writer", loop.selector, self.near, said="Writer(selector, sock)")
        self.got = bytearray()

    def enqueue(self, data: bytes) -> None:
        """Have bytes sent to it."""
        self.loop.story.action(f"{self.name}.enqueue({named(data)})")
        self._call("enqueue", data)

    def on_writable(self) -> None:
        """Tell its writer that there is room."""
        self._call("on_writable")

    def close(self) -> None:
        """Have its writer end the connection."""
        self.loop.story.action(f"{self.name}.close()")
        self._call("close")

    def wants_write(self) -> bool:
        """Return what its writer says."""
        return bool(self._call("wants_write"))

    def _call(self, method: str, *args: Any) -> Any:
        said = f"{self.name}.{method}({'...' if args else ''})"
        return outcome(self.writer.start(method, *args), said=said, cause=CALM, within=PATIENCE)

    def registered(self) -> tuple[int, Any] | None:
        """Return the events and the data that the selector has for it, None if it has none."""
        try:
            key = self.loop.selector.call("get_key", self.near)
        except Raised as error:
            if {"KeyError", "ValueError"} & set(error.names):  # unknown; closed and unknown
                return None
            raise
        if not isinstance(key, tuple) or len(key) != 4:
            raise Unmet("an entry of the selector", shown(key))
        return key[2:]

    def arrived(self, within: float) -> bool:
        """Wait for bytes at our end, and take them; return whether any came."""
        if not select.select([self.far], [], [], within)[0]:
            return False
        data = self._receives()
        self.got += data
        return bool(data)

    def says(self, word: bytes) -> None:
        """Have its peer say something."""
        try:
            self.far.sendall(word)
        except OSError as error:
            raise self._broken(error) from None

    def _receives(self) -> bytes:
        try:
            return self.far.recv(MIB)
        except OSError as error:
            raise self._broken(error) from None

    def _broken(self, error: OSError) -> Unmet:
        return Unmet(f"that {self.name} stays connected", f"it is broken off ({error.strerror})")

    def sees_end(self) -> None:
        """Read on to the end of the stream."""
        while select.select([self.far], [], [], PATIENCE)[0]:
            if not self._receives():
                self.loop.story.expectation(f"{self.name}'s peer sees the end of the stream")
                return
        raise Unmet(f"the end of the stream for {self.name}'s peer", "nothing", "close() it.")


class Loop:
    """A selector over there, waited for and answered from here. Members are found by number."""

    def __init__(self, stage: FunctionStage) -> None:
        self.stage, self.story = stage, stage.story
        self.selector: Remote = stage.call("_selector")
        self.members: dict[int, Member] = {}

    def member(self, name: str, **options: Any) -> Member:
        """Open a connection, register it for reading, and have a writer made for it."""
        member = Member(self, name, **options)
        self.members[member.number] = member
        return member

    def select(self, timeout: float) -> list[tuple[Member, int, Any]]:
        """Return which members are ready, for what, and the data that is registered with them."""
        ready = self.selector.call("select", timeout)
        try:
            return [(self.members[key[1]], mask & 3, key[3]) for key, mask in ready]
        except (TypeError, ValueError, LookupError):  # it is over there, and may be anything
            raise Unmet("that select() tells who is ready", shown(ready)) from None

    def turn(self, timeout: float = 0) -> bool:
        """Call whoever has room; return whether there was anybody."""
        with_room = [member for member, mask, _ in self.select(timeout) if mask & WRITE]
        for member in with_room:
            member.on_writable()
        return bool(with_room)

    def fills(self) -> None:
        """Take turns, while nobody reads, until nobody has room any more."""
        self.story.action("nobody reads; the loop takes turns until there is no more room")
        end = time.monotonic() + PATIENCE
        while self.turn():
            if time.monotonic() > end:
                raise Unmet("that there is no more room some time", "on_writable() sends nothing")

    def delivers(self, member: Member, data: bytes, cause: str) -> None:
        """Take turns, while the member reads, until it has received exactly these bytes."""
        since = time.monotonic()
        while len(member.got) < len(data) and time.monotonic() - since < PATIENCE:
            busy = self.turn()
            if member.arrived(0 if busy else 0.02):
                since = time.monotonic()
        if member.got != data:
            raise Unmet(f"{named(data)} for {member.name}", _unlike(data, member.got), cause)
        member.got.clear()
        self.story.expectation(f"{member.name}'s peer receives {named(data)}")

    def sleeps(self, when: str, cause: str) -> None:
        """See the selector wait in vain."""
        self.story.action(f"{when}; the loop waits for {SILENCE} seconds")
        if ready := self.select(SILENCE):
            member, mask, _ = ready[0]
            what = "writing" if mask & WRITE else "reading"
            got = f"it returns at once: {member.name} is ready for {what}"
            raise Unmet("that select() waits", got, cause)
        self.story.expectation("nothing wakes it")


def sends(stage: FunctionStage) -> None:
    """A word is enqueued, the loop takes a turn, and the word is there."""
    loop = Loop(stage)
    ann = loop.member("ann")
    word = _words(stage)
    ann.enqueue(word)
    cause = "enqueue() has to see to it that on_writable() is called: ask the selector for WRITE."
    loop.delivers(ann, word, cause)
    _says(ann, False, "all of it is sent")


def order(stage: FunctionStage) -> None:
    """Several are enqueued before anything is sent."""
    loop = Loop(stage)
    ann = loop.member("ann")
    words = [_words(stage) for _ in range(5)]
    for word in words:
        ann.enqueue(word)
    loop.delivers(ann, b"".join(words), "What comes later goes behind what waits already.")


def late(stage: FunctionStage) -> None:
    """Much is enqueued for one that reads late."""
    loop = Loop(stage)
    ann = loop.member("ann", narrow=True, tcp=False)
    pieces = [stage.rng.randbytes(MIB // 2) for _ in range(2)]
    for piece in pieces:
        ann.enqueue(piece)
    loop.fills()
    cause = "send() says how many bytes the kernel has taken. As long as some are left, ask on."
    _says(ann, True, "some of it is still owed", cause)
    stage.story.action("now it is read")
    loop.delivers(ann, b"".join(pieces), cause)
    _says(ann, False, "all of it is sent")


def elsewhere(stage: FunctionStage) -> None:
    """Ann speaks, and her handler enqueues for Bob, who has been silent since his last word."""
    loop = Loop(stage)
    ann, bob = loop.member("ann"), loop.member("bob")
    cause = "Whoever fills the queue has to ask the selector, each time that it was empty."
    for _ in range(3):
        word = _words(stage)
        stage.story.action("ann's peer says something; her handler enqueues it for bob")
        ann.says(word)
        if not any(one is ann and mask & READ for one, mask, _ in loop.select(PATIENCE)):
            raise Unmet("that ann is ready for reading", "she is not", "Watch for reading, too.")
        ann.near.call("recv", 1000)
        bob.enqueue(word)
        loop.turn()
        if not bob.arrived(PATIENCE) or bob.got != word:
            raise Unmet("that bob's peer has it after the next turn", "it does not", cause)
        bob.got.clear()
        stage.story.expectation("one turn later it is there")


def rests(stage: FunctionStage) -> None:
    """With nothing to send, nobody wakes the loop."""
    loop = Loop(stage)
    ann = loop.member("ann")
    loop.sleeps("nothing was enqueued", "An idle connection always has room.")
    word = _words(stage)
    ann.enqueue(word)
    loop.delivers(ann, word, "")
    loop.sleeps("all of it is sent", OFF)


def nothing(stage: FunctionStage) -> None:
    """No bytes are nothing to wait for, alone and among others."""
    loop = Loop(stage)
    ann = loop.member("ann")
    cause = "No bytes need no room: whether to ask depends on the bytes that are left."
    ann.enqueue(b"")
    _says(ann, False, "there is nothing to send", cause)
    loop.sleeps("no bytes were enqueued", cause)
    first, second = _words(stage), _words(stage)
    for data in (first, b"", second, b""):
        ann.enqueue(data)
    loop.delivers(ann, first + second, "No bytes in between hold nothing up.")
    loop.sleeps("all of it is sent", cause)


def keeps(stage: FunctionStage) -> None:
    """Reading goes on, and what the loop has registered stays."""
    loop = Loop(stage)
    ann = loop.member("ann", narrow=True, tcp=False)
    data = stage.rng.randbytes(MIB // 2)
    ann.enqueue(data)
    loop.fills()
    _still_heard(loop, ann, "ann is owed much")
    loop.delivers(ann, data, "")
    _still_heard(loop, ann, "all of it is sent")


def _still_heard(loop: Loop, ann: Member, when: str) -> None:
    loop.story.action(f"{when}, and her peer says a word")
    ann.says(b"!")
    end = time.monotonic() + PATIENCE
    while True:
        found = [(mask, data) for one, mask, data in loop.select(PATIENCE) if one is ann]
        if any(mask & READ for mask, _ in found):
            break
        if time.monotonic() > end or not found:
            cause = "Writing comes on top of reading: EVENT_READ | EVENT_WRITE."
            raise Unmet("that she is ready for reading", "she is not", cause)
        ann.on_writable()  # there is room again, before her word has come
    if found[0][1] != ann.data:
        raise Unmet(
            f"the data that the loop registered, {ann.data!r}",
            repr(found[0][1]),
            "modify() replaces the data as well; without its third argument by None.",
        )
    ann.near.call("recv", 1)
    loop.story.expectation("the loop hears of it, with its own data")


def breaks(stage: FunctionStage) -> None:
    """The peer resets the connection while it is owed much."""
    loop = Loop(stage)
    ann = loop.member("ann", narrow=True)
    ann.enqueue(stage.rng.randbytes(MIB // 2))
    loop.fills()
    stage.story.action("ann's peer resets the connection; the loop takes turns")
    reset(ann.far)
    end = time.monotonic() + PATIENCE
    while loop.turn(PATIENCE) and ann.registered() is not None and time.monotonic() < end:
        pass
    _is_out(ann, "send() raises an OSError: then this connection is over, as with close().")
    ann.enqueue(b"too late")
    ann.on_writable()
    _says(ann, False, "nobody is there any more")
    ann.close()
    _is_out(ann, "")


def closed(stage: FunctionStage) -> None:
    """Somebody else closes it in the middle of a turn; then its number is used again."""
    loop = Loop(stage)
    ann = loop.member("ann", narrow=True)
    ann.enqueue(stage.rng.randbytes(MIB // 2))
    stage.story.action("ann is owed much; in the middle of a turn another handler closes her")
    ann.close()
    stage.story.action("then the loop comes to her, and calls ann.on_writable()")
    ann.on_writable()
    _is_out(ann, "unregister() comes first, close() after it.")
    ann.sees_end()
    _leaves_alone(loop, ann)


def _leaves_alone(loop: Loop, gone: Member) -> None:
    """See that one that is gone does not touch the one that has its number now."""
    for _ in range(TRIES):
        new = loop.member("new")
        if new.number == gone.number:
            break
    else:
        raise Unmet("that a closed socket's number is free", "it is not", "close() closes it.")
    loop.story.action("a new connection gets the number that ann had")
    gone.enqueue(b"too late")
    gone.on_writable()
    gone.close()
    _says(gone, False, "nobody is there any more")
    if new.registered() != (READ, new.data):
        raise Unmet(
            "that the new connection's entry in the selector stays as it was",
            "it has changed",
            "After close(), a writer has nothing to do with the number of its socket.",
        )
    word = _words(loop.stage)
    new.enqueue(word)
    loop.delivers(new, word, "")


def number_of(stage: FunctionStage, sock: Remote) -> int:
    """Return the descriptor of a socket over there, -1 when it is closed."""
    number = stage.call("_fileno", sock)
    if not isinstance(number, int):
        raise Unmet("the number of a socket", shown(number))
    return number


def _is_out(member: Member, cause: str) -> None:
    if member.registered() is not None:
        raise Unmet(f"that {member.name} is out of the selector", "it is still in it", cause)
    if number_of(member.loop.stage, member.near) != -1:
        raise Unmet(f"that {member.name}'s socket is closed", "it is still open", cause)
    member.loop.story.expectation(f"{member.name} is out of the selector, and its socket is closed")


def _says(member: Member, expected: bool, since: str, cause: str = "") -> None:
    """See wants_write() say so."""
    if member.wants_write() != expected:
        raise Unmet(
            f"{expected} from {member.name}.wants_write(): {since}", str(not expected), cause
        )
    member.loop.story.expectation(f"{member.name}.wants_write() is {expected}")


def _words(stage: FunctionStage) -> bytes:
    return stage.rng.randbytes(stage.rng.randrange(5, 30)).hex().encode()


def _unlike(data: bytes, got: bytes | bytearray) -> str:
    if not got:
        return f"nothing within {PATIENCE:g} s"
    if data.startswith(got):
        return f"only the first {len(got):,} of {len(data):,} bytes"
    return f"other bytes: {named(bytes(got))}"
