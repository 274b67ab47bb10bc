"""The state of a traced server, and `apply`: the one fold that every picture is drawn from.

The state is plain JSON (dicts, lists, numbers, strings, null), so that a keyframe is the state
itself, and so that the same fold in JavaScript (view/js/state.js) can be held to the same golden
traces. `apply` changes the state it is given and returns it; it reads no clock and does no I/O.
No event costs more than the handles it names, so a server with 10,000 of them stays watchable.

Two rules keep the picture right when something is missing. A handle begins with `open` or `reg`:
what is said about one that is not there counts in the totals only, so nothing closed comes back.
And a handler ends with `end`, the next `begin` or the next `wait`, whichever comes first.
"""

from __future__ import annotations

from collections.abc import Callable

from reactorkit.trace.changes import CHANGES, finish, forget_ready, remember, thread_of
from reactorkit.trace.events import Event
from reactorkit.trace.shape import (
    LOG_LENGTH,
    State,
    empty_turn,
    initial,
    key_of,
    keyframe,
    snapshot,
)

__all__ = ["State", "apply", "initial", "key_of", "keyframe", "snapshot"]


def apply(state: State, event: Event) -> State:
    """Fold one event into the state; unknown kinds only move the clock."""
    t = event["t"]
    if t > state["t"]:
        state["t"] = t
    change = _CHANGES.get(event["e"])
    if change is not None:
        change(state, event)
    return state


# ------------------------------------------------------------ many at once


def _detail(state: State, event: Event) -> None:
    state["every"] = event["every"]


def _agg(state: State, event: Event) -> None:
    state["every"] = False
    totals, handles, t = state["totals"], state["handles"], state["t"]
    before = totals["calls"]
    for fd, gen, received, sent, calls, wasted, owed in event["handles"]:
        totals["received"] += received
        totals["sent"] += sent
        totals["calls"] += calls
        totals["wasted"] += wasted
        record = handles.get(f"{fd}#{gen}")
        if record is not None:
            record["received"] += received
            record["sent"] += sent
            record["calls"] += calls
            record["wasted"] += wasted
            record["owed"], record["at"], record["ready"] = owed, t, 0
    for name in ("found", "accepted", "errors"):
        totals[name] += event.get(name, 0)
    for phase, ns in event.get("spent", {}).items():
        if phase in state["spent"]:
            state["spent"][phase] += ns
    if "ns" in event and (state["slowest"] is None or event["ns"] > state["slowest"]["ns"]):
        key, cb = event.get("key", ""), event.get("cb", "")
        state["slowest"] = {"key": key, "cb": cb, "ns": event["ns"]}
    _agg_threads(state, event)
    forget_ready(state)
    state["turn"] = event.get("turn", state["turn"])
    state["now"], state["last"], state["running"] = empty_turn(), empty_turn(), None
    state["since"] = t  # the time until here is in `spent`
    remember(state, "agg", "", totals["calls"] - before)


def _agg_threads(state: State, event: Event) -> None:
    for th, op, fd, gen, blocked in event.get("threads", []):
        thread = thread_of(state, {"th": th})
        thread["call"], thread["key"], thread["since"] = op, f"{fd}#{gen}", state["t"]
        thread["blocked"] += blocked
        thread["held"] = ""


# ------------------------------------------- control, the stream about itself


def _ctl(state: State, event: Event) -> None:
    what, t = event["what"], state["t"]
    state["asked"] = event.get("n", state["asked"])
    if what == "pause":
        state["mode"] = what
        state["paused"] = t if state["paused"] is None else state["paused"]
    elif what in ("run", "step", "until"):
        _go_on(state, event)
        state["mode"], state["until"] = what, event.get("until")
        if what != "step":
            state["paused"] = None
    remember(state, what, "", 0, event.get("by", ""))


def _go_on(state: State, event: Event) -> None:
    """Leave the place where it is held; the time there belongs to no phase."""
    held = state["held"]
    if held is not None and held["at"] != "kernel":
        pause = state["t"] - held["t"]
        state["totals"]["paused"] += pause
        state["since"] = min(state["since"] + pause, state["t"])
    state["held"] = None
    for name, thread in state["threads"].items():
        if "th" not in event or name == f"t{event['th']}":
            thread["held"] = ""


def _held(state: State, event: Event) -> None:
    at, before = event["at"], state["held"]
    state["asked"] = event.get("n", state["asked"])
    if before is None or before["at"] == "kernel":  # else another thread is held already
        key, cb, why = key_of(event), event.get("cb", ""), event.get("why", "")
        state["held"] = {"at": at, "t": state["t"], "key": key, "cb": cb, "why": why}
    if at != "kernel":  # a step that waits in the kernel is still to come
        state["mode"] = "pause"
    if state["paused"] is None:
        state["paused"] = state["t"]
    if "th" in event:
        thread_of(state, event)["held"] = at


def _cost(state: State, event: Event) -> None:
    state["totals"]["cost"] += event["ns"]


def _log(state: State, event: Event) -> None:
    log, stream = state["log"], event.get("stream", "out")
    log.append({"t": state["t"], "text": event["text"], "stream": stream})
    if len(log) > LOG_LENGTH:
        del log[0]


def _note(state: State, event: Event) -> None:
    remember(state, "note", "", 0, event["text"])


def _drop(state: State, event: Event) -> None:
    state["totals"]["dropped"] += event["n"]
    remember(state, "drop", "", event["n"])


def _key(state: State, event: Event) -> None:
    meta = state["meta"]
    state.update(snapshot(event["state"]))
    state["meta"] = meta


def _bye(state: State, event: Event) -> None:
    finish(state, "ended")
    forget_ready(state)
    state["ended"] = {"t": state["t"], "code": event.get("code")}


_CHANGES: dict[str, Callable[[State, Event], None]] = CHANGES | {
    "detail": _detail,
    "agg": _agg,
    "ctl": _ctl,
    "held": _held,
    "cost": _cost,
    "log": _log,
    "note": _note,
    "drop": _drop,
    "key": _key,
    "bye": _bye,
}
