"""A queue without a bound, and two ways of keeping to one: drop the oldest, or part (G04)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from reactorkit.claims.experiments.nb06.shown import Shown
from reactorkit.claims.experiments.nb07.members import Member, gather
from reactorkit.claims.experiments.nb08.slow import MEGABYTE, PORTION, SMALL_BUFFER
from reactorkit.claims.experiments.nb08.variants import OURS, variant
from reactorkit.claims.world import World
from reactorkit.errors import KitError
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The lines of chat_reactor that decide, and what stands there instead.
KEEP = (r"^OWED_AT_MOST = .*$", "OWED_AT_MOST = 1 << 40")
DROP = (
    r"^( +)(if self\.outbox\.overflows.*:)\n(\1 +.*\n)+",
    r"\1\2\n\1    self.outbox.drop_oldest()\n",
)
KEEPS, DROPS, PARTS = "keeps everything", "drops the oldest", "parts with the reader"
TEXT = "." * 30_000
THE_END = "<the end>"
ASIDE = "<aside>"


@dataclass
class Seen:
    """What was seen of one policy: memory by bytes said, and what the slow user got.

    grown: (bytes said, bytes of resident memory above the start). said: lines said.
    whole, torn: lines that the slow user got. told: the reason that it was given. ended: whether
    its stream ended.
    """

    grown: list[tuple[int, int]] = field(default_factory=list)
    said: int = 0
    whole: int = 0
    torn: int = 0
    told: str = ""
    ended: bool = False

    @property
    def most(self) -> int:
        """The largest growth, in bytes."""
        return max((grown for _, grown in self.grown), default=0)


def three_policies() -> Shown:
    """Let one user read nothing while others talk, at three servers; show memory and delivery."""
    with World() as world:
        size = world.pick(quick=8, small=12, normal=12) * MEGABYTE
        seen = {
            name: _slow_user(world, server, size) for name, server in three_servers(world).items()
        }
    return _shown(seen)


def one_slow_user(*targets: str | os.PathLike[str]) -> Shown:
    """Let one user read nothing while others talk, at any chats with framing.

    Arguments:
        targets: names of servers, files, or what `edit` returned.
    """
    with World() as world:
        size = world.pick(quick=8, small=12, normal=12) * MEGABYTE
        seen = {
            Path(os.fspath(one)).stem: _slow_user(world, world.serve(one), size) for one in targets
        }
    return _shown(seen)


def _shown(seen: Mapping[str, Seen]) -> Shown:
    return Shown(
        "\n".join(_sentence(name, each) for name, each in seen.items()),
        "Left: what the server keeps for one who does not read. Right: what that one gets.",
        lambda: draw(seen),
    )


def three_servers(world: World) -> dict[str, Server]:
    """Start chat_reactor, and two copies of it in which another policy stands."""
    return {
        KEEPS: world.serve(variant(world, OURS, "chat_keeps", KEEP)),
        DROPS: world.serve(variant(world, OURS, "chat_drops", DROP)),
        PARTS: world.serve(OURS),
    }


def _slow_user(world: World, server: Server, size: int) -> Seen:
    slow = Member(world.peer(server, rcvbuf=SMALL_BUFFER, timeout=20), "Slow", b"\n")
    ann, bob = (Member(world.peer(server), name, b"\n") for name in ("Ann", "Bob"))
    gather((slow, ann, bob))
    process, seen = psutil.Process(server.pid), Seen()
    before = process.memory_info().rss
    for number in range(size // len(TEXT)):
        bob.forget()
        ann.say(f"<{number}>{TEXT}")
        bob.hear(f"<{number}>")  # the others are served all the time
        bob.hear(TEXT[:1] + '"')  # to the end of the line
        seen.said += 1
        seen.grown.append((seen.said * len(TEXT), process.memory_info().rss - before))
    bob.say(THE_END)
    _read_all(slow, bob, ann, seen)
    return seen


def _read_all(slow: Member, speaker: Member, listener: Member, seen: Seen) -> None:
    """Read until the last line that was said, or until the stream ends.

    After each PORTION a word goes from the speaker to the listener: so the server has written all
    that it found room for, and a reader as fast as it does not hide what is torn.
    """
    data, portions = bytearray(), 1
    try:
        while piece := slow.peer.recv(1 << 16):
            data += piece
            end = data.find(THE_END.encode(), -len(piece) - len(THE_END))
            if end >= 0:
                del data[end + len(THE_END) :]
                break
            if len(data) >= portions * PORTION:
                portions += 1
                listener.forget()
                speaker.say(ASIDE)
                listener.hear(ASIDE)
        else:
            seen.ended = True
    except (OSError, KitError):
        seen.ended = True
    for each in data.split(b"\n"):
        _count(each, seen)


def _count(line: bytes | bytearray, seen: Seen) -> None:
    if not line or THE_END.encode() in line or ASIDE.encode() in line:
        return
    try:
        found = json.loads(line)
    except ValueError:
        seen.torn += 1
        return
    seen.told = found.get("error", seen.told)
    seen.whole += "text" in found and found["text"].endswith(TEXT)


def _sentence(name: str, seen: Seen) -> str:
    told = f", was told “{seen.told}”" if seen.told else ""
    return (
        f"{name}: grew by {seen.most / MEGABYTE:.1f} MB at most; the slow user got {seen.whole} of "
        f"{seen.said} lines whole, {seen.torn} torn{told}, and "
        f"{'its stream ended' if seen.ended else 'is still in the room'}."
    )


def draw(seen: Mapping[str, Seen]) -> Figure:
    """Draw memory against bytes said, and the lines that the slow user got."""
    from reactorkit.claims.experiments.nb08.pictures import draw_policies

    return draw_policies(
        {
            name: {
                "grown": each.grown,
                "whole": each.whole,
                "missing": each.said - each.whole,
                "ended": each.ended,
            }
            for name, each in seen.items()
        }
    )
