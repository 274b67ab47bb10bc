"""One who does not read: where its messages wait, and how it is thrown out (C81, C97)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reactorkit.claims.experiments.nb07.members import Member, gather
from reactorkit.claims.experiments.nb08 import pictures
from reactorkit.claims.experiments.nb08.variants import ARTICLE
from reactorkit.claims.world import Evidence, Finding, World

LOOKS = 40  # how often the memory is looked at
TRIES = 3
SMALL_BUFFER = 4096  # bytes of the slow user's receive buffer
PADDING = "." * 960
ASIDE = "Are you still here?"
PORTION = 1 << 18  # bytes, less than a server finds room for when a socket becomes writable
ONE = re.compile(rb"<\d+>\.{960}#")  # a whole message, behind its "[Ann] "
MEGABYTE = 1_000_000
# Bytes; the memory of a server that keeps nothing moves less. One that cuts the slow user off has
# kept at least the room that a writable socket of this size has: a third of its buffer.
GROWN = 600_000


def slow_reader(world: World) -> Evidence:
    """C81, C97: one user does not read while another talks; afterwards it reads everything."""
    count = world.pick(quick=8500, small=10_000, normal=10_000)
    evening = Evening(world)
    for _ in range(TRIES - 1):
        cut_at = evening.talk(count)
        if not cut_at:
            break
        world.note(
            f"In one try the kernel reported a little room at message {cut_at:,}, before the user "
            "read, and the server cut the user off then."
        )
        evening = Evening(world)
    else:
        evening.talk(count)
    grown, got = evening.grown, what_it_got(evening.read(count))
    most = max(each for _, each in grown)
    return Evidence(
        findings={
            "C81": Finding(
                grows_and_cuts_off(count, most, got),
                f"while {count:,} messages were said, the server grew by {most / MEGABYTE:.1f} MB; "
                f"the slow user got {got['whole']:,} of them, a piece of one, and then the end of "
                "the stream",
                "The buffers of this system hold more than usual, so that fewer messages waited in "
                "the server's memory.",
            ),
            "C97": Finding(
                got["torn"] == 1,
                f"{got['whole']:,} messages came whole, and {got['torn']} was torn: "
                f"{got['length']:,} of {len('[Ann] <1>#') + len(PADDING) + 3:,} bytes",
                "The last send fitted to the byte; run it again.",
            ),
        },
        data={"count": count, "grown": grown, "got": got},
        picture=pictures.draw_slow,
        caption="Left: the queue of one who does not read lies in the server's memory. "
        "Right: what came when the user read.",
        alt=f"A line of the server's memory against messages said, up to {most / MEGABYTE:.1f} MB "
        f"more. A bar of {count:,} messages: {got['whole']:,} came whole, {got['torn']} torn, the "
        "others never.",
    )


class Evening:
    """A fresh server with two users: Ann, who talks, and one who does not read."""

    def __init__(self, world: World) -> None:
        self.world, self.server = world, world.serve(ARTICLE)
        self.slow = Member(world.peer(self.server, rcvbuf=SMALL_BUFFER, timeout=20), "Slow")
        self.ann = Member(world.peer(self.server), "Ann")
        gather((self.slow, self.ann))
        self.start = self.server.gauges()
        self.grown = [(0, 0)]  # messages said, bytes of memory above the start

    def talk(self, count: int) -> int:
        """Say messages; return at which one it was seen that the slow user was cut off, or 0."""
        for number in self.world.progress(range(1, count + 1), "messages"):
            self.ann.forget()
            self.ann.say(f"<{number}>{PADDING}#")
            self.ann.hear("#")  # her own line is back: the next one travels alone
            if number % (count // LOOKS) == 0:
                now = self.server.gauges()
                self.grown.append((number, now.rss - self.start.rss))
                if now.descriptors < self.start.descriptors:
                    return number
        return 0

    def read(self, count: int) -> bytes:
        """Let the slow user read until the stream ends, or until the last message has come.

        After each PORTION Ann hears a word of hers: so the server has written all that it found
        room for, and a reader that happens to be as fast as it does not hide what is torn.
        """
        stream, last, portions = bytearray(), f"<{count}>{PADDING}#".encode(), 1
        while piece := self.slow.peer.recv(1 << 16):
            stream += piece
            if last in stream[-len(piece) - len(last) :]:
                break
            if len(stream) >= portions * PORTION:
                portions += 1
                self.ann.forget()
                self.ann.say(ASIDE)
                self.ann.hear(ASIDE)
        return bytes(stream)


def what_it_got(stream: bytes) -> dict[str, int]:
    """Return how many messages are whole, how many torn, and the length of the last torn one."""
    whole = torn = length = 0
    for piece in stream.split(b"[Ann] ")[1:]:
        if b"here?" in piece:
            continue  # what was said on entering, and aside
        if ONE.fullmatch(piece):
            whole += 1
        else:
            torn, length = torn + 1, len(b"[Ann] ") + len(piece)
    return {"whole": whole, "torn": torn, "length": length}


def grows_and_cuts_off(count: int, most: int, got: Mapping[str, Any]) -> bool:
    """Return whether the memory grew, and the slow user was cut off in the middle of a line."""
    return most > GROWN and 0 < got["whole"] < count and got["torn"] == 1
