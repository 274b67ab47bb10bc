"""Attacks by what a member of a chat says: one short line each, and most of them are valid JSON."""

from __future__ import annotations

from collections.abc import Callable

from reactorkit.lab.attacks.arena import MIB, Arena
from reactorkit.lab.attacks.model import CHAT, FIFTEEN, Attack, Fault
from reactorkit.lab.attacks.party import line


def says(payload: bytes) -> Callable[[Arena], None]:
    """Return an attack that says `payload`, and ends the line once the server has seen that much.

    A server without framing must get the bytes alone: with a newline, ff fe 00 would be text.
    """

    def act(arena: Arena) -> None:
        stranger = arena.accepted_stranger()
        arena.push(stranger, payload)
        arena.party.meanwhile()
        arena.push(stranger, b"\n")

    return act


def _line(
    name: str, title: str, payload: bytes, cause: str, sends: str = "", claim: str = "C90"
) -> Attack:
    words = sends or payload.decode()
    return Attack(name, title, words, cause, says(payload), (CHAT,), (claim, "C100"), FIFTEEN)


NOT_AN_OBJECT = "JSON need not be an object: what comes out of the parser cannot be asked for a key"

LINES = (
    _line("json_list", "a JSON list", b"[1]", NOT_AN_OBJECT),
    _line("json_number", "a JSON number", b"1", NOT_AN_OBJECT),
    _line("json_string", "a JSON string", b'"x"', NOT_AN_OBJECT),
    _line("json_null", "a JSON null", b"null", NOT_AN_OBJECT),
    _line(
        "bad_bytes",
        "bytes that are no text",
        b"\xff\xfe\x00",
        "bytes are decoded before they are parsed, and that fails with an error of its own",
        sends="the bytes ff fe 00",
    ),
    _line(
        "bad_utf8",
        "broken UTF-8 in a string",
        b'{"user": "x", "text": "\xff"}',
        "bytes are decoded before they are parsed, and that fails with an error of its own",
        sends='{"user": "x", "text": "ff"}, with the byte ff',
    ),
    _line(
        "deep_brackets",
        "999 opening brackets",
        b"[" * 999,
        "a parser that calls itself runs out of stack (Python before 3.12)",
        sends="[[[[ ... 999 of them",
    ),
    _line(
        "lone_surrogate",
        "half a character",
        b'{"user": "x", "text": "\\ud800"}',
        "JSON can name half of a surrogate pair; no encoder takes it, so print() and encode() fail",
    ),
    _line(
        "plain_text",
        "plain text",
        b"Is anybody here?",
        "none: the parser's own error is the one that everybody thinks of",
    ),
    _line(
        "missing_key",
        "a key is missing",
        b'{"user": "x"}',
        "none: a missing key is the other error that everybody thinks of",
    ),
    _line(
        "number_as_text",
        "a number as text",
        b'{"user": "x", "text": 5}',
        "none: a number can be printed",
    ),
)


def oversize_line(arena: Arena) -> None:
    """Send a megabyte without a newline; a server of the wire format refuses it and closes."""
    before = arena.memory()
    stranger = arena.accepted_stranger()
    arena.push(stranger, b"x" * MIB)
    arena.party.meanwhile()
    if arena.memory() - before > MIB // 2:
        raise Fault("it keeps what has no end")
    if not arena.party.framed:
        return
    if not arena.ears.wait(lambda: bool(stranger.ended)):
        raise Fault("the connection stays open")


def unfinished_lines(arena: Arena) -> None:
    """Let 20 strangers begin a line and never end it."""
    words = line("stranger", "I am coming to the point.")
    strangers = arena.strangers(20)
    for stranger in strangers:
        stranger.say(words[: len(words) // 2])
    arena.ears.wait(lambda: not any(one.unsaid for one in strangers))
    arena.party.meanwhile()


MORE_LINES = (
    Attack(
        "oversize_line",
        "a line without an end",
        "a megabyte without a newline",
        "a line is kept until its newline comes, and that is for the client to decide",
        oversize_line,
        (CHAT,),
        ("C89",),
    ),
    Attack(
        "unfinished_lines",
        "20 half lines",
        "20 clients begin a line and do not end it",
        "a handler that waits for the rest of a line makes everybody wait",
        unfinished_lines,
        (CHAT,),
    ),
)
