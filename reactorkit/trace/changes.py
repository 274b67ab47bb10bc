"""How each event about handles, turns, calls and threads changes the state. See state.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactorkit.trace.events import Event
from reactorkit.trace.shape import (
    TIMELINE_LENGTH,
    State,
    empty_turn,
    key_of,
    new_handle,
    new_thread,
)

NOTHING_THERE = frozenset({"EAGAIN", "EWOULDBLOCK"})  # two names of one number on our systems
WAYS = dict.fromkeys(
    ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "read"),
    "received",
) | dict.fromkeys(("send", "sendall", "sendto", "sendmsg", "sendfile", "write"), "sent")

# ------------------------------------------------------------------ pieces


def handle(state: State, event: Event) -> dict[str, Any]:
    """Return the handle's record, made on first sight."""
    key = key_of(event)
    record: dict[str, Any] | None = state["handles"].get(key)
    if record is None:
        record = state["handles"][key] = new_handle(event["fd"], event["gen"], state["t"])
    return record


def enter(state: State, phase: str) -> int:
    """Begin a phase; returns how long the one before has been, in nanoseconds."""
    spent: int = state["t"] - state["since"]
    before = state["phase"]
    if before in state["spent"]:
        state["spent"][before] += spent
        state["now"][before] += spent
    state["phase"], state["since"] = phase, state["t"]
    return spent


def remember(state: State, op: str, key: str = "", n: int = 0, text: str = "") -> None:
    """Add a line to the timeline, which keeps the newest."""
    timeline = state["timeline"]
    timeline.append({"t": state["t"], "op": op, "key": key, "n": n, "text": text})
    if len(timeline) > TIMELINE_LENGTH:
        del timeline[0]


def thread_of(state: State, event: Event) -> dict[str, Any]:
    """Return the thread's record, made on first sight."""
    identity = event.get("th", 0)
    record: dict[str, Any] | None = state["threads"].get(f"t{identity}")
    if record is None:
        record = state["threads"][f"t{identity}"] = new_thread(identity, state["t"])
    return record


def finish(state: State, phase: str) -> None:
    """Leave the handler that runs, if one does, and begin a phase."""
    running, spent = state["running"], enter(state, phase)
    if running is None:
        return
    key = running["key"]
    state["running"] = None
    state["ready"].pop(key, None)
    record = state["handles"].get(key)
    if record is not None:
        record["ready"] = 0
        record["runs"] += 1
        record["handled"] += spent
    if state["slowest"] is None or spent > state["slowest"]["ns"]:
        state["slowest"] = {"key": key, "cb": running["cb"], "ns": spent}


# ----------------------------------------------------------------- handles


def _open(state: State, event: Event) -> None:
    record = handle(state, event)
    record["role"], record["peer"] = event["role"], event.get("peer", "")
    remember(state, "open", key_of(event), 0, record["peer"])


def _close(state: State, event: Event) -> None:
    key = key_of(event)
    state["ready"].pop(key, None)
    if state["handles"].pop(key, None) is not None:
        state["totals"]["closed"] += 1
        remember(state, "close", key)


def _reg(state: State, event: Event) -> None:
    record = handle(state, event)
    record["mask"], record["cb"] = event["mask"], event.get("cb", record["cb"])


def _unreg(state: State, event: Event) -> None:
    key = key_of(event)
    state["ready"].pop(key, None)
    record = state["handles"].get(key)
    if record is not None:
        record["mask"], record["ready"] = 0, 0


def _queues(state: State, event: Event) -> None:
    for fd, gen, unread, unsent in event["kernel"]:
        record = state["handles"].get(f"{fd}#{gen}")
        if record is not None:
            record["unread"], record["unsent"] = unread, unsent


# ------------------------------------------------------- turns and handlers


def forget_ready(state: State) -> None:
    """Begin a new turn: whoever has not been served by now will be reported again."""
    for key in state["ready"]:
        record = state["handles"].get(key)
        if record is not None:
            record["ready"] = 0
    state["ready"] = {}


def _new_turn(state: State, event: Event, phase: str) -> None:
    finish(state, phase)
    state["last"], state["now"] = state["now"], empty_turn()
    state["turn"] = event["turn"]
    forget_ready(state)


def _wait(state: State, event: Event) -> None:
    _new_turn(state, event, "waiting")
    state["watched"], state["timeout"] = event["n"], event.get("timeout")


def _wake(state: State, event: Event) -> None:
    finish(state, "between")
    forget_ready(state)
    state["turn"] = event["turn"]
    found, handles = len(event["ready"]), state["handles"]
    state["totals"]["found"] += found
    state["now"]["found"] += found
    for fd, gen, mask in event["ready"]:
        key = f"{fd}#{gen}"
        state["ready"][key] = mask
        if key in handles:
            handles[key]["ready"] = mask
    remember(state, "wake", "", found)


def _turn(state: State, event: Event) -> None:
    _new_turn(state, event, "asking")


def _begin(state: State, event: Event) -> None:
    finish(state, "handling")
    key = key_of(event)
    record = state["handles"].get(key)
    cb = event.get("cb", "" if record is None else record["cb"])
    state["running"] = {"key": key, "cb": cb, "mask": event.get("mask", 0)}
    remember(state, "begin", key, 0, cb)


def _end(state: State, event: Event) -> None:
    finish(state, "between")
    if "err" in event:
        state["totals"]["errors"] += 1
        remember(state, "error", key_of(event), 0, event["err"])


# ------------------------------------------------------------------- calls


def _call(state: State, event: Event) -> None:
    if state["phase"] == "starting":
        enter(state, "calling")
    thread, key = thread_of(state, event), key_of(event)
    thread["call"], thread["key"], thread["since"] = event["op"], key, state["t"]
    thread["held"] = ""
    record = state["handles"].get(key)
    if record is not None and WAYS.get(event["op"]) == "sent":
        record["owed"] = event.get("want", 0)  # until the call returns


def _io(state: State, event: Event) -> None:
    totals, key, op = state["totals"], key_of(event), event["op"]
    got, error = event.get("got", 0), event.get("err", "")
    nothing = error in NOTHING_THERE
    totals["calls"] += 1
    if nothing:
        totals["wasted"] += 1
    elif error:
        totals["errors"] += 1
    elif op == "accept":
        totals["accepted"] += 1
    way = WAYS.get(op)
    if way is not None:
        totals[way] += got
    record = state["handles"].get(key)
    if record is not None:
        record["calls"] += 1
        record["last"], record["at"], record["err"] = op, state["t"], error
        if nothing:
            record["wasted"] += 1
        if way is not None:
            _move(record, way, got, event)
    _return(state, event)
    if not nothing:
        remember(state, op, key, got, error)


def _move(record: dict[str, Any], way: str, got: int, event: Event) -> None:
    """Count the bytes of a call on its handle."""
    record[way] += got
    error = event.get("err", "")
    if "owed" in event:
        record["owed"] = event["owed"]
    elif way == "sent":
        rest = event.get("want", got) - got
        record["owed"] = rest if rest > 0 and (not error or error in NOTHING_THERE) else 0
    elif got == 0 and not error and event.get("want", 1) > 0:
        record["eof"] = True  # recv(2): a return of 0 means that the peer has shut down


def _return(state: State, event: Event) -> None:
    """The thread of this call runs again."""
    thread = state["threads"].get(f"t{event.get('th', 0)}")
    if thread is not None:
        if thread["call"]:
            thread["blocked"] += event.get("ns", state["t"] - thread["since"])
        thread["call"], thread["held"], thread["since"] = "", "", state["t"]
        thread["key"] = key_of(event)


def _waste(state: State, event: Event) -> None:
    n, record = event["n"], state["handles"].get(key_of(event))
    state["totals"]["wasted"] += n
    state["totals"]["calls"] += n
    if record is not None:
        record["wasted"] += n
        record["calls"] += n
        record["at"] = state["t"]


def _thread(state: State, event: Event) -> None:
    if event["on"]:
        thread_of(state, event)["name"] = event["name"]
    else:
        state["threads"].pop(f"t{event['th']}", None)


CHANGES: dict[str, Callable[[State, Event], None]] = {
    "open": _open,
    "close": _close,
    "reg": _reg,
    "unreg": _unreg,
    "queues": _queues,
    "wait": _wait,
    "wake": _wake,
    "turn": _turn,
    "begin": _begin,
    "end": _end,
    "call": _call,
    "io": _io,
    "waste": _waste,
    "thread": _thread,
}
