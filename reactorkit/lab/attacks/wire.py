"""Attacks by how a client comes and goes: resets, half-closes, and the moments in between.

Where two things have to reach the server at once, it is stopped meanwhile (`arena.held()`): what a
busy server would find by chance, it then finds for certain.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from reactorkit.lab.attacks.arena import MIB, Arena
from reactorkit.lab.attacks.ears import Ear
from reactorkit.lab.attacks.model import CHAT, ECHO, FIFTEEN, Attack, Fault
from reactorkit.lab.attacks.party import line

MANY = 50
LOST = 1.0  # seconds that a server sleeps after which a message will not come any more
BOTH = (ECHO, CHAT)
Act = Callable[[Arena], None]


def say_and_leave(arena: Arena) -> None:
    """Say something and leave at once: message and end of stream arrive together."""
    stranger = arena.accepted_stranger()
    with arena.held():
        arena.push(stranger, arena.party.stranger_says(1))
        stranger.leave()


def reset_before_accept(arena: Arena) -> None:
    """Connect and reset before the server calls accept()."""
    with arena.held():
        arena.stranger().reset()


def reset_idle(arena: Arena) -> None:
    """Reset a connection on which nothing has been said."""
    arena.accepted_stranger().reset()


def reset_after_message(arena: Arena) -> None:
    """Say something and reset: the server reads the message, and then has nobody there."""
    stranger = arena.accepted_stranger()
    with arena.held():
        arena.push(stranger, arena.party.stranger_says(1))
        stranger.reset()


def resets_at_any_moment(arena: Arena) -> None:
    """Break off at once, after half a message, and after one and a half, many times each."""
    before = arena.descriptors()
    words = arena.party.stranger_says(1)
    half = words[: len(words) // 2]
    for said in (b"", half, words + half):
        for _ in range(MANY):
            stranger = arena.stranger()
            if said:
                arena.push(stranger, said)
            stranger.reset()
        arena.party.meanwhile()
    arena.expect_descriptors(before)


def come_and_go(arena: Arena) -> None:
    """Connect and leave without a word, many times."""
    before = arena.descriptors()
    for _ in range(2 * MANY):
        arena.stranger().leave()
    arena.expect_descriptors(before)


def close_unread_echo(arena: Arena) -> None:
    """Ask for something and close with the answer unread: the kernel makes a reset of that."""
    stranger = arena.stranger(listening=False)
    arena.push(stranger, arena.party.stranger_says(1))
    arena.ears.wait(lambda: _has_unread(stranger.peer.sock))
    stranger.close_unread()


def close_unread_chat(arena: Arena) -> None:
    """Close with the words of others unread."""
    stranger = arena.stranger(listening=False)
    arena.party.meanwhile()
    arena.ears.wait(lambda: _has_unread(stranger.peer.sock))
    stranger.close_unread()


def _has_unread(sock: socket.socket) -> bool:
    try:
        return bool(sock.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


def half_close_echo(arena: Arena) -> None:
    """Send much, end the own stream, and only then read: all of it has to come."""
    data = bytes(range(256)) * (3 * MIB // 256)
    stranger = arena.stranger(listening=False)
    sent = arena.push(stranger, data)
    stranger.listening = True
    stranger.say(data[sent:])
    arena.ears.wait(lambda: not stranger.unsaid, of=stranger)
    stranger.peer.half_close()
    if not arena.ears.wait(lambda: len(stranger.heard) >= len(data), of=stranger):
        raise Fault(f"{len(stranger.heard):,} of {len(data):,} bytes were answered")
    if stranger.heard != data:
        raise Fault("what came back was changed")
    stranger.leave()


def half_close_chat(arena: Arena) -> None:
    """Say a line and end the own stream: the line is heard, and the server ends its side too."""
    stranger = arena.accepted_stranger()
    arena.party.forget()
    with arena.held():
        arena.push(stranger, arena.party.stranger_says(1))
        stranger.peer.half_close()
    heard_by_all(arena, 1)
    if not arena.ears.wait(lambda: bool(stranger.ended)):
        raise Fault("the server keeps its side of the connection")


def heard_by_all(arena: Arena, number: int) -> None:
    """Expect that the innocents hear `number` messages of a stranger; Fault when some are lost."""
    heard = arena.party.overheard
    if not arena.ears.wait(lambda: heard() >= number, still=LOST):
        raise Fault(f"{heard()} of {number} messages arrived")


def byte_by_byte_echo(arena: Arena) -> None:
    """Send 200 bytes, each alone."""
    data = bytes(range(200))
    stranger = arena.stranger()
    for place in range(len(data)):
        arena.push(stranger, data[place : place + 1])
    _comes_back(arena, stranger, data)


def coalesced_echo(arena: Arena) -> None:
    """Send 1,000 messages at once."""
    data = b"".join(b"message %d\n" % number for number in range(1000))
    stranger = arena.stranger()
    stranger.say(data)
    _comes_back(arena, stranger, data)


def _comes_back(arena: Arena, stranger: Ear, data: bytes) -> None:
    if not arena.ears.wait(lambda: len(stranger.heard) >= len(data), of=stranger):
        raise Fault(f"{len(stranger.heard):,} of {len(data):,} bytes came back")
    if stranger.heard != data:
        raise Fault("what came back was changed")
    stranger.leave()


def byte_by_byte_chat(arena: Arena) -> None:
    """Say one line, each byte alone: the innocents talk in between, so each is read alone."""
    stranger = arena.accepted_stranger()
    # No digit in it: alone, a digit is JSON, and that is another attack.
    *most, last = line("stranger", "hello number nought.")
    for byte in most:
        arena.push(stranger, bytes([byte]))
        arena.party.talk()
    arena.party.forget()
    arena.push(stranger, bytes([last]))
    heard_by_all(arena, 1)


def coalesced_chat(arena: Arena) -> None:
    """Say 20 lines in one go."""
    stranger = arena.accepted_stranger()
    arena.party.forget()
    with arena.held():
        arena.push(stranger, b"".join(arena.party.stranger_says(n) for n in range(20)))
    heard_by_all(arena, 20)


def _fifteen(name: str, title: str, act: Act, sends: str, cause: str, *claims: str) -> Attack:
    return Attack(name, title, sends, cause, act, (ECHO, CHAT), claims, FIFTEEN)


def _rule(
    name: str, title: str, act: Act, sends: str, cause: str, services: tuple[str, ...] = BOTH
) -> Attack:
    return Attack(name, title, sends, cause, act, services)


COMINGS_AND_GOINGS = (
    _fifteen(
        "say_and_leave",
        "a word, and gone",
        say_and_leave,
        "a message and the end of the stream, at once",
        "the reading half of a handler removes the client, and the writing half goes on with it",
        "C95",
    ),
    _fifteen(
        "reset_before_accept",
        "reset before accept()",
        reset_before_accept,
        "connects and resets before the server looks",
        "accept() returns a connection that is over already: asking for its peer's name fails",
        "C87",
    ),
    _fifteen(
        "reset_idle",
        "reset in silence",
        reset_idle,
        "resets a connection on which nothing was said",
        'recv() raises after a reset; the end of a stream is not always b""',
        "C71",
        "C98",
    ),
    _fifteen(
        "reset_after_message",
        "a word, and reset",
        reset_after_message,
        "a message and a reset, at once",
        "the message is read, and its sender has no name any more",
        "C98",
    ),
)

HABITS = (
    _rule(
        "come_and_go",
        "100 come and go",
        come_and_go,
        "connects and leaves without a word, 100 times",
        "a connection that never says anything is forgotten, and its descriptor stays open",
    ),
    _rule(
        "resets_at_any_moment",
        "150 resets",
        resets_at_any_moment,
        "resets at once, within a message, and after one, 50 times each",
        "any call on a socket may be the one that raises",
    ),
    _rule(
        "close_unread",
        "an answer left unread",
        close_unread_echo,
        "asks, and closes without reading the answer",
        "closing with bytes unread is a reset, though the client has called nothing but close()",
        (ECHO,),
    ),
    _rule(
        "close_unread",
        "words left unread",
        close_unread_chat,
        "closes without reading what the others have said",
        "closing with bytes unread is a reset, though the client has called nothing but close()",
        (CHAT,),
    ),
    _rule(
        "half_close",
        "half-close, then read",
        half_close_echo,
        "3 MiB, then the end of the own stream, then reads",
        "the end of what a client sends is taken for the end of the client",
        (ECHO,),
    ),
    _rule(
        "half_close",
        "a line, and half-close",
        half_close_chat,
        "a line and the end of the own stream, and stays",
        "the end of what a client sends is taken for the end of the client",
        (CHAT,),
    ),
    _rule(
        "byte_by_byte",
        "byte by byte",
        byte_by_byte_echo,
        "200 bytes, each alone",
        "one send() is taken for one recv()",
        (ECHO,),
    ),
    _rule(
        "byte_by_byte",
        "byte by byte",
        byte_by_byte_chat,
        "a line, each byte alone",
        "one recv() is taken for one message",
        (CHAT,),
    ),
    _rule(
        "coalesced",
        "1,000 at once",
        coalesced_echo,
        "1,000 messages in one go",
        "one send() is taken for one recv()",
        (ECHO,),
    ),
    _rule(
        "coalesced",
        "20 lines at once",
        coalesced_chat,
        "20 lines in one go",
        "one recv() is taken for one message",
        (CHAT,),
    ),
)
