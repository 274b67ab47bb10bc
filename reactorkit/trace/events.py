"""The vocabulary of a trace: the only definition of its events, schema version 1.

A trace is newline-delimited JSON: a header line, then one object per event. Every event has
`e`, its kind, and `t`, nanoseconds of the monotonic clock since the header. A handle is named by
(fd, gen): descriptors are reused, so a generation counts how often a number has been given out.

A field that is missing says "none" or "unknown"; null is never written. Readers ignore kinds and
fields they do not know; so adding one does not need a new version. Payload bytes are not
recorded, only their numbers.

Where an event is built often, it is a row: (kind, t, value, value, ...) with the values in the
order of `KINDS`, None for a missing one, and as many left out at the end as one likes.
"""

from __future__ import annotations

import json
from typing import Any

SCHEMA = "reactorkit-trace"
VERSION = 1

READ, WRITE = 1, 2  # the bits of every `mask`, as in the selectors module
LARGEST = 2**53 - 1  # whole numbers beyond this are not exact in JavaScript

Event = dict[str, Any]
Row = tuple[Any, ...]

# kind: {field: meaning}. Fields in brackets may be missing. A name means the same everywhere.
KINDS: dict[str, dict[str, str]] = {
    # -- handles and what the server waits for. A handle begins with `open` or `reg`.
    "open": {
        "fd": "descriptor",
        "gen": "how often this number had been given out before",
        "role": "listener, client, wakeup or other",
        "[peer]": "the other side's address",
        "[via]": "[fd, gen] of the listener that accepted it",
    },
    "close": {"fd": "", "gen": ""},
    "reg": {
        "fd": "",
        "gen": "",
        "mask": "what the server waits for; said again when it changes",
        "[cb]": "the name of the handler, where the server registers one",
    },
    "unreg": {"fd": "", "gen": ""},
    # -- turns and handlers
    "wait": {
        "turn": "number of this turn, from 1",
        "n": "how many handles are watched",
        "[timeout]": "seconds; missing: for ever",
        "[th]": "thread that did this; missing: the main thread",
    },
    "wake": {"turn": "", "ready": "list of [fd, gen, mask]", "[th]": ""},
    "turn": {"turn": "a pass over all handles begins, without a call that waits", "[th]": ""},
    # A handler ends with `end`, with the next `begin`, or with the next `wait`. One without a
    # handle is a callback that no descriptor has caused: a task, a timer.
    "begin": {"[fd]": "", "[gen]": "", "[mask]": "", "[cb]": "", "[th]": ""},
    "end": {"[fd]": "", "[gen]": "", "[err]": "the exception that left the handler", "[th]": ""},
    # -- calls on sockets
    "call": {
        "op": "accept, recv, sendall: a call begins that may block",
        "fd": "",
        "gen": "",
        "[want]": "bytes asked for",
        "[th]": "",
    },
    "io": {
        "op": "the call that has returned",
        "fd": "",
        "gen": "",
        "[want]": "",
        "[got]": "bytes moved",
        "[err]": "name of the error number: EAGAIN, ECONNRESET",
        "[ns]": "how long the call took",
        "[th]": "",
        "[owed]": "bytes that wait in the program; missing: what a send did not take",
    },
    "waste": {"fd": "", "gen": "", "n": "calls that found nothing, folded into one", "[op]": ""},
    # -- threads
    "thread": {"th": "", "name": "", "on": "true when it starts, false when it ends"},
    # -- from outside: what the kernel holds
    "queues": {"kernel": "list of [fd, gen, unread, unsent], in bytes; a listener: connections"},
    # -- many at once
    "detail": {"every": "true: every event is told from here on; false: sums are (agg)"},
    "agg": {
        "handles": "list of [fd, gen, received, sent, calls, wasted, owed]; all but owed: new ones",
        "[turn]": "",
        "[found]": "ready handles reported",
        "[spent]": "{phase: nanoseconds}",
        "[accepted]": "connections accepted",
        "[errors]": "calls and handlers that failed",
        "[threads]": "list of [th, op or empty, fd, gen, nanoseconds blocked]",
        "[key]": "the longest handler: the name of its handle, fd#gen, or empty",
        "[cb]": "its name",
        "[ns]": "its time",
    },
    # -- control, and the stream about itself
    "ctl": {
        "what": "pause, run, step or until",
        "[n]": "number of the command",
        "[by]": "who asked",
        "[until]": "the condition, an object",
        "[th]": "",
    },
    "held": {
        "at": "turn, handler, call or kernel: where a paused server stands",
        "[n]": "number of the command that this answers",
        "[fd]": "what comes next",
        "[gen]": "",
        "[cb]": "",
        "[th]": "",
        "[why]": "the condition that was met, in words",
    },
    "cost": {"ns": "nanoseconds that observing has cost since the last time"},
    "log": {"text": "one line that the server printed", "[stream]": "out or err"},
    "note": {"text": "something a person should read at this moment"},
    "drop": {"n": "events that were lost because nobody read them in time; a key follows"},
    "key": {"state": "the whole state (see state.py)", "[auto]": "true: only there for seeking"},
    "bye": {"[code]": "exit status of the server"},
}

# The fields of each kind without brackets, in order: the layout of a row.
FIELDS: dict[str, tuple[str, ...]] = {
    kind: tuple(name.strip("[]") for name in fields) for kind, fields in KINDS.items()
}
_REQUIRED = {
    kind: tuple(name for name in fields if name[0] != "[") for kind, fields in KINDS.items()
}
_WORDS = {
    "role",
    "peer",
    "cb",
    "op",
    "err",
    "key",
    "name",
    "what",
    "by",
    "at",
    "why",
    "text",
    "stream",
}
_YES_OR_NO = {"on", "every", "auto"}
_OBJECTS = {"spent", "until", "state"}
_LISTS = {"via": 2, "ready": 3, "kernel": 4, "handles": 7, "threads": 5}  # length of a [fd, gen..]


def header(server: str, style: str, **more: Any) -> Event:
    """Return the first line of a trace.

    Arguments:
        server: the name of what is traced. style: blocking, threads, busywait, select, poll,
            epoll, selectors or asyncio.
        more: python, platform, selector, pid, wall (seconds since 1970) and the like.
    """
    return {"schema": SCHEMA, "v": VERSION, "server": server, "style": style, **more}


def from_row(row: Row, since: int = 0) -> Event:
    """Return a row as an event; `since` is what its time counts from."""
    event: Event = {"e": row[0], "t": row[1] - since}
    for name, value in zip(FIELDS[row[0]], row[2:], strict=False):
        if value is not None:
            event[name] = value
    return event


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False)


def encode(event: Event) -> str:
    """Return an event, or the header, as one line of JSON, newline included.

    It is ASCII: a peer's bytes may end up in a text as lone surrogates, which no UTF-8 can hold.
    """
    return _ENCODER.encode(event) + "\n"


def faults(event: Any) -> list[str]:
    """Return what is wrong with an event, in sentences; empty for a good one or an unknown kind.

    The fold never raises for an event without faults. The state in a `key` is judged by state.py.
    """
    if type(event) is not dict or type(event.get("e")) is not str:
        return ["an event is an object with its kind in 'e'"]
    kind = event["e"]
    wrong = []
    if not _whole(event.get("t")) or event["t"] < 0:
        wrong.append(f"{kind}: 't' has to be whole nanoseconds")
    if kind not in KINDS:
        return wrong
    wrong += [f"{kind}: {name!r} is missing" for name in _REQUIRED[kind] if name not in event]
    for name in FIELDS[kind]:
        if name in event and not _fits(name, event[name]):
            wrong.append(f"{kind}: {name!r} cannot be {str(event[name])[:40]!r}")
    if kind in ("begin", "held", "end") and ("fd" in event) != ("gen" in event):
        wrong.append(f"{kind}: 'fd' and 'gen' come together")
    return wrong


def _whole(value: Any) -> bool:
    return type(value) is int and -LARGEST <= value <= LARGEST


def _fits(name: str, value: Any) -> bool:
    """Return whether a field may have this value."""
    if name in _WORDS:
        return type(value) is str
    if name in _YES_OR_NO:
        return type(value) is bool
    if name in _OBJECTS:
        return type(value) is dict and (name != "spent" or all(map(_whole, value.values())))
    if name == "timeout":
        return _whole(value) or (type(value) is float and abs(value) <= LARGEST)
    if name not in _LISTS:
        return _whole(value)
    if type(value) is not list:
        return False
    entries = [value] if name == "via" else value
    return all(_is_entry(entry, _LISTS[name], 1 if name == "threads" else -1) for entry in entries)


def _is_entry(entry: Any, length: int, word: int) -> bool:
    """Return whether an entry is whole numbers, but for a string at place `word`."""
    return (
        type(entry) is list
        and len(entry) == length
        and all(type(one) is str if i == word else _whole(one) for i, one in enumerate(entry))
    )
