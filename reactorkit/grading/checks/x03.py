"""x03: one pass of a busy-waiting echo server."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from reactorkit.grading.checks.x01a import reset
from reactorkit.grading.expect import held, outcome
from reactorkit.grading.functions import FunctionStage, Remote
from reactorkit.grading.story import Unmet, named

SAID = "poll_once(conns)"


@dataclass
class Member:
    """One connection in the list: our end, theirs, and its place as people count."""

    far: socket.socket
    near: Remote
    place: int


def room(stage: FunctionStage, n: int) -> list[Member]:
    """Return n connections in non-blocking mode."""
    stage.story.action(f"conns has {n} connections: 1 to {n}")
    members = []
    for place in range(1, n + 1):
        given = stage.pair()
        members.append(Member(given.far, held(stage, given, blocking=False), place))
    return members


def speaks(stage: FunctionStage, member: Member) -> bytes:
    """Have its client say something; return what."""
    words = stage.rng.randbytes(stage.rng.randrange(5, 30))
    stage.story.action(f"client {member.place} sends {named(words)}")
    member.far.sendall(words)
    arrived(stage, member)
    return words


def leaves(stage: FunctionStage, member: Member) -> None:
    """Have its client end its stream."""
    stage.story.action(f"client {member.place} ends its stream")
    member.far.shutdown(socket.SHUT_WR)
    arrived(stage, member)


def breaks_off(stage: FunctionStage, member: Member) -> None:
    """Have its client reset the connection."""
    stage.story.action(f"client {member.place} resets the connection")
    reset(member.far)
    arrived(stage, member, "POLLHUP")


def arrived(stage: FunctionStage, member: Member, event: str = "POLLIN") -> None:
    """Wait until it can be seen over there."""
    stage.call("_await", member.near, event)


def one_pass(
    stage: FunctionStage, members: Sequence[Member], gone: Sequence[Member], cause: str = ""
) -> None:
    """Have one pass made, and see it remove these members, in their order, and no others."""
    removed, left = made(stage, members, cause)
    wanted = places(gone)
    if removed != wanted:
        raise Unmet(f"that {SAID} returns {told(wanted)}", f"it returned {told(removed)}", cause)
    stage.story.expectation(f"it returns {told(wanted)}")
    expected = [member.place for member in members if member.place not in wanted]
    if left != expected:
        why = "The list that was handed over has to change, not a new one of the same name."
        raise Unmet(f"{told(expected)} in conns", f"{told(left)}", why)
    stage.story.expectation(f"conns holds {told(expected)}")


def made(stage: FunctionStage, members: Sequence[Member], cause: str) -> tuple[object, object]:
    """Have one pass made; return who was returned and who is in the list then, by place."""
    stage.story.action(f"{SAID} is called")
    nears = [member.near for member in members]
    call = stage.start("_on_a_list", "poll_once", *nears)
    removed, left = outcome(call, said=SAID, cause=cause, within=5)
    known = {member.near.number: member.place for member in members}
    return by_place(removed, known), by_place(left, known)


def by_place(them: object, known: dict[int, int]) -> object:
    """Return a list of connections as a list of places; anything else as it is."""
    if not isinstance(them, list):
        return them
    return [known.get(one.number, "?") if isinstance(one, Remote) else one for one in them]


def places(members: Sequence[Member]) -> list[int]:
    """Return their places."""
    return [member.place for member in members]


def told(them: object) -> str:
    """Return a list of places for people."""
    if not isinstance(them, list):
        return repr(them) if them is None or isinstance(them, bool | int | str) else "no list"
    if not them:
        return "an empty list"
    return f"[{', '.join(f'connection {place}' for place in them)}]"


def gets(stage: FunctionStage, member: Member, words: bytes, cause: str) -> None:
    """See the client receive these bytes in the pass that is over.

    A mark is sent after the pass, on the same connection: what comes before it is the answer.
    """
    mark = stage.rng.randbytes(8)
    outcome(member.near.start("send", mark), said=f"send() on connection {member.place}")
    received = b""
    with contextlib.suppress(OSError):  # broken off: what is here is told
        while not received.endswith(mark) and (data := member.far.recv(4096)):
            received += data
    received = received.removesuffix(mark)
    if received != words:
        got = named(received) if received else "nothing"
        raise Unmet(f"{named(words)} back at client {member.place}", got, cause)
    stage.story.expectation(f"client {member.place} receives its bytes")


def echoes(stage: FunctionStage) -> None:
    """Three clients have spoken, and each is answered, twice."""
    members = room(stage, 3)
    cause = "Each connection is asked in each pass, and what came in goes back to it."
    for _ in range(2):
        words = [speaks(stage, member) for member in members]
        one_pass(stage, members, [], cause)
        for member, mine in zip(members, words, strict=True):
            gets(stage, member, mine, cause)


def past_the_silent(stage: FunctionStage) -> None:
    """Silent connections stand between those that speak."""
    members = room(stage, 6)
    speakers = [members[1], members[3], members[5]]
    words = [speaks(stage, member) for member in speakers]
    cause = "BlockingIOError means that this connection has nothing yet. The next one may have."
    one_pass(stage, members, [], cause)
    for member, mine in zip(speakers, words, strict=True):
        gets(stage, member, mine, cause)


def never_waits(stage: FunctionStage) -> None:
    """Nobody has said a word."""
    members = room(stage, stage.rng.randrange(2, 6))
    cause = "A pass asks and goes on. It does not wait until somebody has something to say."
    one_pass(stage, members, [], cause)
    stage.story.action("and with no connection at all")
    one_pass(stage, [], [], cause)


def neighbours_leave(stage: FunctionStage) -> None:
    """Neighbours leave in the same pass, and the one behind them speaks."""
    members = room(stage, 7)
    first = stage.rng.randrange(1, 3)
    gone = members[first : first + 3]
    for member in gone:
        leaves(stage, member)
    after, last = members[first + 3], members[-1]
    talkers = [after] if after is last else [after, last]
    words = [speaks(stage, member) for member in talkers]
    cause = (
        "When something is taken out of a list while a loop goes over it, the next one is skipped."
    )
    one_pass(stage, members, gone, cause)
    for member, mine in zip(talkers, words, strict=True):
        gets(stage, member, mine, cause)


def closes(stage: FunctionStage) -> None:
    """Whoever has ended its stream sees its connection closed."""
    members = room(stage, 3)
    leaves(stage, members[1])
    one_pass(stage, members, [members[1]])
    cause = "A connection that is taken out of the list has to be closed as well."
    if members[1].near.call("fileno") != -1:
        raise Unmet("that connection 2 is closed", "it is still open", cause)
    try:
        data = members[1].far.recv(100)
    except OSError as error:
        raise Unmet("the end of the stream at client 2", f"{error}", cause) from None
    if data:
        raise Unmet("the end of the stream at client 2", named(data), cause)
    stage.story.expectation("client 2 sees that its connection is closed")


def survives_reset(stage: FunctionStage) -> None:
    """One connection is broken off, and the one behind it speaks."""
    members = room(stage, 4)
    breaks_off(stage, members[1])
    words = speaks(stage, members[2])
    cause = "A reset raises ConnectionResetError in recv(): this connection is over, and only this."
    one_pass(stage, members, [members[1]], cause)
    gets(stage, members[2], words, cause)


def reset_before_the_answer(stage: FunctionStage) -> None:
    """A client speaks and breaks off: its bytes can be read, and not be answered."""
    members = room(stage, 4)
    speaks(stage, members[1])
    breaks_off(stage, members[1])
    words = speaks(stage, members[2])
    cause = "The client may have gone when the answer is sent: then it is send() that raises."
    here = members
    removed, _ = made(stage, here, cause)
    gets(stage, members[2], words, cause)
    if removed == []:  # the end may also be noticed in the next pass
        removed, _ = made(stage, here, cause)
    if removed != [2]:
        raise Unmet("that connection 2 is removed", f"{told(removed)} was returned", cause)
    stage.story.expectation("connection 2 is removed")
