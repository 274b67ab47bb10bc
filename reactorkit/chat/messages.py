"""A line, understood; a message, written: one JSON object a line, in UTF-8.

{"user": "Ann", "text": "Hello!"}     both ways; whatever else it holds is not passed on
{"error": "..."}                      to whoever has sent a line that is no message
"""

import json
from collections import namedtuple

Message = namedtuple("Message", "user text")

_quoted = json.JSONEncoder(ensure_ascii=False).encode


class NotAMessage(ValueError):
    """A line is not a message; the text says why, to whoever has sent it."""


def parse(line):
    """Return the message in a line (without its newline); NotAMessage says why there is none."""
    if not line.strip():
        raise NotAMessage("An empty line is not a message.")
    try:
        # From text, not from bytes: json.loads() would guess at other encodings than UTF-8.
        found = _decoder.decode(line.decode())
    except UnicodeDecodeError:
        raise NotAMessage("A message is text in UTF-8, and this line is not.") from None
    except ValueError:
        raise NotAMessage("A message is a JSON object in one line, and this is not JSON.") from None
    except RecursionError:
        raise NotAMessage("This line has too many brackets within brackets.") from None
    if not isinstance(found, dict):
        raise NotAMessage("A message is a JSON object, with a user and a text in it.")
    return _checked(found.get("user"), found.get("text"))


def _checked(user, text):
    if not isinstance(user, str) or not isinstance(text, str):
        raise NotAMessage("A message needs a user and a text, and both are strings.")
    try:
        # JSON can spell half of a surrogate pair ("\ud800"). UTF-8 cannot.
        (user + text).encode()
    except UnicodeEncodeError:
        raise NotAMessage("Half of a surrogate pair is not a character.") from None
    return Message(user, text)


def encode(message):
    """Return the message as a line with its newline: never longer than the one that it came in."""
    return f'{{"user":{_quoted(message.user)},"text":{_quoted(message.text)}}}\n'.encode()


def complaint(reason):
    """Return the line that says what is wrong."""
    return f'{{"error":{_quoted(reason)}}}\n'.encode()


def reason_in(line):
    """Return what a complaint says, or None if the line is no complaint."""
    try:
        found = _decoder.decode(line.decode())
    except (ValueError, RecursionError):
        return None
    reason = found.get("error") if isinstance(found, dict) else None
    return reason if isinstance(reason, str) else None


def _refuse(word):
    raise ValueError(f"{word} is Python's word, not JSON's")


# A number of 5,000 digits is JSON, but int() refuses it. Numbers are not passed on: any type does.
_decoder = json.JSONDecoder(parse_constant=_refuse, parse_int=float)
