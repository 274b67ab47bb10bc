"""x08b: lines that wait for room, in a bounded number of bytes. Their peers are read here.

The sockets are pairs of this machine with small buffers: what the kernel has taken can be read at
once, and as long as nobody reads it takes no more. So what is still to come was kept over there.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

from reactorkit.grading.checks.x01a import reset
from reactorkit.grading.expect import held, made, outcome
from reactorkit.grading.functions import FunctionStage
from reactorkit.grading.story import Story, Unmet, named

MIB = 1 << 20
LITTLE = 16384  # bytes, for the kernel's buffer
LIMIT = 65536  # bytes, for lines of some hundred
AT_ONCE = 300  # lines in one call over there
PATIENCE = 10.0  # seconds for a call that has nothing to wait for
IN_VAIN = 3  # calls of flush() that bring nothing, though there is room
GROWTH = 16 * MIB
KICK, DROP = "kick", "drop_oldest"

CALM = "No method raises, and none waits: what does not go out now is kept until there is room."
REST = "send() says how many bytes the kernel has taken. The others are still to be sent."
BEGUN = "A line whose beginning is on its way cannot be called back: its rest has to follow."


class Listener:
    """Somebody who is told lines: the queue over there, and our end of the connection.

    Arguments:
        room: bytes of the kernel's buffer, more or less.
        quiet: tells nothing of what is put; whoever has the crowd tells of all of them at once.
    """

    def __init__(
        self,
        stage: FunctionStage,
        policy: str,
        limit: int = LIMIT,
        *,
        name: str = "the peer",
        room: int = LITTLE,
        tcp: bool = False,
        quiet: bool = False,
    ) -> None:
        self._stage = stage
        self.name, self.story = name, Story() if quiet else stage.story
        given = stage.pair(tcp=tcp)
        self.far = given.far
        self.near = held(stage, given, blocking=False)
        self.near.call("setsockopt", socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        said = f"OutQueue(sock, {limit}, {policy!r})"
        self.story.action(f"queue = {said}")
        self.queue = made(stage, "OutQueue", self.near, limit, policy, said=said)
        self.got = bytearray()

    def _call(self, method: str, *args: Any) -> Any:
        call = self.queue.start(method, *args)
        return outcome(call, said=f"queue.{method}(...)", cause=CALM, within=PATIENCE)

    def put(self, *lines: bytes) -> None:
        """Put lines, and after each of them have flushed what may be sent, as a loop does it."""
        for place in range(0, len(lines), AT_ONCE):
            some = list(lines[place : place + AT_ONCE])
            call = self._stage.start("_tell", self.queue, some)
            outcome(call, said="queue.put(...) or queue.flush()", cause=CALM, within=PATIENCE)

    def flush(self) -> None:
        """Have it send what the kernel takes."""
        self._call("flush")

    def wants_write(self) -> bool:
        """Return whether it has something to send."""
        return bool(self._call("wants_write"))

    def over(self) -> bool:
        """Return whether its connection is over."""
        return bool(self._call("over"))

    def reads(self) -> bool:
        """Read what has arrived; return whether that was anything."""
        before = len(self.got)
        self.far.setblocking(False)
        try:
            while data := self.far.recv(MIB):
                self.got += data
        except OSError:  # no more for now; or broken off, and what has come tells
            pass
        return len(self.got) > before

    def reads_on(self) -> bytes:
        """Read and flush in turns until nothing more comes; return all that has come so far."""
        in_vain = 0
        while self.wants_write() and not self.over():
            self.flush()
            in_vain = 0 if self.reads() else in_vain + 1
            if in_vain > IN_VAIN:
                got = f"nothing, though wants_write() is true, after {len(self.got):,} bytes"
                raise Unmet("that flush() sends when there is room", got, REST)
        self.reads()
        return bytes(self.got)

    def stays(self, cause: str) -> None:
        """See that the connection is not over."""
        if self.over():
            raise Unmet("that queue.over() is false", "it is true", cause)
        self.story.expectation("the connection is not over")

    def is_over(self, cause: str) -> None:
        """See that the connection is over, and nothing more is to be sent."""
        if not self.over():
            raise Unmet("that queue.over() is true", "it is false", cause)
        if self.wants_write():
            raise Unmet("that wants_write() is false, for it is over", "it is true", cause)
        self.story.expectation("the connection is over")


def in_order(stage: FunctionStage) -> None:
    """Somebody reads along; then one line is longer than the kernel's buffer."""
    ann = Listener(stage, DROP, 2 * MIB)
    lines = _lines(stage, 200)
    stage.story.action("200 short lines are put, ten at a time, and read")
    for place in range(0, len(lines), 10):
        ann.put(*lines[place : place + 10])
        ann.reads()
    _hears(ann, lines, "Lines go out in the order in which they were put.")
    long = _line(stage, 500, 300_000)
    stage.story.action("a line of 300,000 bytes is put, then a short one")
    ann.put(long, lines[0])
    _hears(ann, [*lines, long, lines[0]], REST)


def patient(stage: FunctionStage) -> None:
    """The kernel's buffer is full, and the queue is not."""
    ann = Listener(stage, KICK)
    lines = _filling(stage, LIMIT)
    stage.story.action(f"nobody reads; {len(lines)} lines are put, {LIMIT} bytes in all")
    ann.put(*lines)
    ann.stays("No room in the kernel's buffer is the reason for a queue, and none to part.")
    stage.story.action("now they are read")
    _hears(ann, lines, "As long as no more than the limit waits, every line is kept.")
    ann.stays("It has kept within its limit all the time.")
    more = _lines(stage, 5, first=len(lines))
    stage.story.action("five more lines are put")
    ann.put(*more)
    _hears(ann, [*lines, *more], "What has gone out waits no longer, and does not count.")


def twenty(stage: FunctionStage) -> None:
    """One of twenty does not read, and the others notice nothing."""
    stage.story.action(f"20 queues with a limit of {LIMIT}; the peer of one of them does not read")
    names = [f"peer {n + 1}" for n in range(20)]
    stuck, *others = (Listener(stage, DROP, name=name, quiet=True) for name in names)
    lines = [_line(stage, n, 2000) for n in range(60)]
    stage.story.action("60 lines of 2000 bytes are put into each queue")
    for place in range(0, len(lines), 5):
        for one in (stuck, *others):
            one.put(*lines[place : place + 5])
            if one is not stuck:
                one.reads()
    for one in others:
        _hears(one, lines, "Each queue has its own lines, and none waits for another.")
    stage.story.expectation("19 peers receive every line, in order")


def drops_oldest(stage: FunctionStage) -> None:
    """Much more is put than fits; then it is read, and goes on."""
    ann, lines = _overfull(stage, 8 * LIMIT)
    heard = _in_order(ann.reads_on(), lines, ann)
    if heard[-1:] != lines[-1:]:
        raise Unmet(
            "that the newest line arrives",
            f"line {_number(heard[-1])} as the last one" if heard else "no line",
            "What has waited longest is dropped, not what comes.",
        )
    stage.story.expectation(f"{len(heard)} whole lines arrive, in order, the newest one too")
    more = _lines(stage, 5, first=len(lines))
    stage.story.action("five more lines are put")
    ann.put(*more)
    _hears(ann, [*heard, *more], "When there is room again, everything is as before.")
    ann.stays("This policy parts with nobody.")


def no_more(stage: FunctionStage) -> None:
    """What is dropped makes room for the new line, and no more than that.

    Whoever drops too much has kept enough again some lines later, so it is looked at several times.
    """
    for quarter in range(4):
        ann, lines = _overfull(stage, 3 * LIMIT + quarter * LIMIT // 4)
        ann.reads()
        taken = ann.got.count(b"\n")
        heard = _in_order(ann.reads_on(), lines, ann)
        kept = sum(map(len, heard[taken:]))
        longest = max(map(len, lines))
        if kept < LIMIT - 2 * longest:  # the line that is begun may count, or not
            raise Unmet(
                f"nearly {LIMIT} bytes that were kept",
                f"{kept:,} bytes",
                "Drop the oldest, look whether the rest fits, and drop the next one only if not.",
            )
        stage.story.expectation(f"the newest {kept:,} bytes of them were kept")


def counts_bytes(stage: FunctionStage) -> None:
    """Lines of a megabyte: few of them are much."""
    limit = 4 * MIB
    ann = Listener(stage, DROP, limit, room=16 * LITTLE)
    size = 1_000_000
    stage.story.action("nobody reads; 8 lines of a megabyte are put")
    lines = [_line(stage, n, size) for n in range(32)]
    for line in lines[:8]:
        ann.put(line)
    before = stage.gauges()
    stage.story.action("24 more of them are put")
    for line in lines[8:]:
        ann.put(line)
    grown = stage.gauges().rss - before.rss
    cause = "The limit is one of bytes. Lines may be short or long."
    if grown > GROWTH:
        raise Unmet(f"at most {GROWTH // MIB} MiB more memory", f"{grown // MIB} MiB more", cause)
    stage.story.expectation(f"the memory has grown by less than {GROWTH // MIB} MiB")
    ann.reads()
    begun = len(ann.got)
    stage.story.action("now they are read")
    got = ann.reads_on()
    # What the kernel had the beginning of comes on top of the limit.
    kept = len(got) - begun - (-begun % size)
    if kept > limit:
        raise Unmet(f"at most {limit:,} bytes that were kept", f"{kept:,} bytes", cause)
    if not got.endswith(lines[-1]):
        raise Unmet("that the newest line arrives", "it does not")
    stage.story.expectation(f"{kept:,} bytes were kept, and the newest line is among them")


def whole(stage: FunctionStage) -> None:
    """The oldest line has been begun when there is too much."""
    ann, (begun, second, third) = _begun(stage, DROP)
    stage.story.action("now they are read")
    got = ann.reads_on()
    if got == begun + third:
        stage.story.expectation("the first line arrives whole, and then the third one")
        return
    if not got.startswith(begun):
        told = "a part of it, and then something else"
        raise Unmet("the whole of the first line", told, BEGUN)
    rest = got[len(begun) :]
    kinds = {second + third: "the second and the third", second: "the second", b"": "nothing"}
    told = kinds.get(rest, f"{named(rest)}")
    raise Unmet("the third line after the first, for the second was dropped", told, BEGUN)


def kicks(stage: FunctionStage) -> None:
    """The reader has to leave: at the end of a line, and at once if none is begun."""
    ann, (begun, *_) = _begun(stage, KICK)
    stage.story.action("now it is read")
    _ends_after(ann, begun)

    bob = Listener(stage, KICK, name="another peer")
    stage.story.action("another peer does not read; lines of 2000 bytes are put, one by one")
    lines: list[bytes] = []
    while 2000 * len(lines) < 4 * LIMIT and not bob.over():
        lines.append(_line(stage, len(lines), 2000))
        bob.put(lines[-1])
    heard = _in_order(bob.reads_on(), lines, bob)
    if heard != lines[: len(heard)]:
        raise Unmet("the first lines without a gap", "a line is missing", "Nothing is dropped.")
    bob.is_over("It is over when nothing is begun and nothing is sent any more, so at once here.")


def kicked(stage: FunctionStage) -> None:
    """Who has to leave is told nothing more."""
    ann, (begun, *_) = _begun(stage, KICK)
    late = _lines(stage, 3, first=3)
    stage.story.action("three short lines are put, now that it has to leave")
    ann.put(*late)
    stage.story.action("it is read")
    _ends_after(ann, begun)
    stage.story.action("another line is put, and flush() is called")
    ann.put(late[0])
    ann.flush()
    _ends_after(ann, begun)


def breaks(stage: FunctionStage) -> None:
    """The peer resets the connection."""
    for policy in (KICK, DROP):
        ann = Listener(stage, policy, tcp=True)
        ann.put(*_lines(stage, 3))
        stage.story.action("three lines are put; the peer resets the connection")
        reset(ann.far)
        stage.call("_await", ann.near, "POLLERR")
        stage.story.action("a line is put, and flush() is called")
        ann.put(_line(stage, 4, 100))
        ann.flush()
        cause = "send() raises an OSError: nobody is there who could be owed anything."
        ann.is_over(cause)
        ann.put(_line(stage, 5, 100))
        ann.is_over(cause)


def _overfull(stage: FunctionStage, size: int) -> tuple[Listener, list[bytes]]:
    """Return somebody who does not read, and the lines that were put, many times too much."""
    ann = Listener(stage, DROP)
    lines = _filling(stage, size)
    stage.story.action(f"nobody reads; {len(lines):,} lines are put, {size:,} bytes in all")
    ann.put(*lines)
    return ann, lines


def _begun(stage: FunctionStage, policy: str) -> tuple[Listener, list[bytes]]:
    """Return somebody who does not read, and three long lines: too much, and the first is begun."""
    ann = Listener(stage, policy, 150_000)
    lines = [_line(stage, n, size) for n, size in enumerate((80_000, 90_000, 100_000))]
    stage.story.action("nobody reads; lines of 80,000, of 90,000 and of 100,000 bytes are put")
    ann.put(*lines)
    ann.reads()
    if not 0 < len(ann.got) < len(lines[0]):
        got = f"{len(ann.got):,} bytes of them"
        raise Unmet("that flush() sends what the kernel takes, which is a part", got, REST)
    stage.story.expectation(f"the kernel has taken {len(ann.got):,} bytes of the first one")
    return ann, lines


def _ends_after(ann: Listener, begun: bytes) -> None:
    """See that the line that was begun comes, nothing else, and that it is over then."""
    got = ann.reads_on()
    if not got.startswith(begun):
        raise Unmet("the whole of the line that was begun", f"{len(got):,} bytes of it", BEGUN)
    if got != begun:
        raise Unmet(
            "nothing behind the line that was begun",
            f"{len(got) - len(begun):,} bytes more",
            "Who has to leave gets the rest of the line that is begun, and nothing else.",
        )
    ann.story.expectation("the line that was begun arrives whole, and nothing else")
    ann.is_over("When the line that was begun is out, nothing is left to wait for.")


def _hears(ann: Listener, lines: Sequence[bytes], cause: str) -> None:
    """See that these lines, and no others, have arrived in the end."""
    got, wanted = ann.reads_on(), b"".join(lines)
    if got == wanted:
        ann.story.expectation(f"all {len(lines)} lines arrive, in order")
        return
    told = f"{len(got):,} bytes that are not these"
    if wanted.startswith(got):
        told = f"only the first {len(got):,} of {len(wanted):,} bytes"
    raise Unmet(f"all {len(lines)} lines at {ann.name}, in order", told, cause)


def _in_order(got: bytes, lines: Sequence[bytes], ann: Listener) -> list[bytes]:
    """Return the lines that have arrived, after a look that they are whole and in order."""
    place, heard = 0, got.splitlines(keepends=True)
    for line in heard:
        try:
            place = lines.index(line, place) + 1
        except ValueError:
            wrong = "a torn line" if line not in lines else "a line again, or too late"
            raise Unmet(
                f"whole lines in their order at {ann.name}",
                f"{wrong}: {named(line)}",
                "Between lines there may be a gap, within a line there must be none.",
            ) from None
    return heard


def _filling(stage: FunctionStage, size: int) -> list[bytes]:
    """Return lines of 100 to 300 bytes, `size` bytes in all."""
    lines: list[bytes] = []
    left = size
    while left >= 600:
        lines.append(_line(stage, len(lines), stage.rng.randrange(100, 301)))
        left -= len(lines[-1])
    return [*lines, _line(stage, len(lines), left // 2), _line(stage, len(lines) + 1, -left // -2)]


def _lines(stage: FunctionStage, n: int, first: int = 0) -> list[bytes]:
    return [_line(stage, first + k, stage.rng.randrange(20, 300)) for k in range(n)]


def _line(stage: FunctionStage, number: int, size: int) -> bytes:
    """Return a line of `size` bytes, with its newline, that begins with its number."""
    begin = b"%d " % number
    filler = stage.rng.randbytes(8).hex().encode()
    return (begin + filler * (size // len(filler) + 1))[: size - 1] + b"\n"


def _number(line: bytes) -> int:
    return int(line.split(b" ", 1)[0])
