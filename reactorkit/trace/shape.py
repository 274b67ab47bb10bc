"""The shape of the state of a traced server: plain JSON, from the first moment to a keyframe.

The comments below say what each part means; state.py says how events change it.
"""

from __future__ import annotations

from typing import Any

from reactorkit.trace.events import Event

State = dict[str, Any]

TIMELINE_LENGTH = 240
LOG_LENGTH = 200

# What a loop does at any moment. `between` is the program's own code outside handlers; `asking`
# is a pass of a busy loop. Programs without a loop are `calling`: their threads tell the rest.
PHASES = ("waiting", "between", "handling", "asking")


def initial(header: Event | None = None) -> State:
    """Return the state before the first event."""
    return {
        "meta": dict(header or {}),
        "t": 0,
        "phase": "starting",
        "since": 0,  # when this phase began; time spent paused is not part of it
        "turn": 0,
        "watched": 0,
        "timeout": None,
        "now": empty_turn(),
        "last": empty_turn(),  # the turn before
        "ready": {},  # key: mask, of those whose handler is still to run, as the kernel told them
        "running": None,  # {key, cb, mask}
        "slowest": None,  # {key, cb, ns}: the handler that has kept the others waiting longest
        "mode": "run",
        "until": None,
        "asked": 0,  # number of the last command that was answered
        "paused": None,  # since when
        "held": None,  # {at, t, key, cb, why}: where it stands
        "every": True,  # false: only sums are told
        "handles": {},
        "threads": {},
        "totals": {
            "found": 0,
            "calls": 0,
            "wasted": 0,
            "received": 0,
            "sent": 0,
            "accepted": 0,
            "closed": 0,
            "errors": 0,
            "dropped": 0,
            "paused": 0,
            "cost": 0,
        },
        "spent": dict.fromkeys(PHASES, 0),
        "timeline": [],  # {t, op, key, n, text}, oldest first
        "log": [],  # {t, text, stream}
        "ended": None,  # {t, code}
    }


def snapshot(state: State) -> State:
    """Return a copy that later events do not touch; `copy.deepcopy` is 20 times slower."""
    copy = dict(state)
    for name in ("now", "last", "ready", "totals", "spent"):
        copy[name] = state[name].copy()
    for name in ("handles", "threads"):
        copy[name] = {key: record.copy() for key, record in state[name].items()}
    # The entries of these, and of running, slowest, held and ended, never change once they are in.
    copy["timeline"], copy["log"] = state["timeline"][:], state["log"][:]
    return copy


def keyframe(state: State, auto: bool = False) -> Event:
    """Return the event that says all of the state at once; `auto`: it is there for seeking only."""
    copy = snapshot(state)
    del copy["meta"]  # the header has said it
    return {"e": "key", "t": state["t"], **({"auto": True} if auto else {}), "state": copy}


def key_of(event: Event) -> str:
    """Return the name of an event's handle, fd#gen, or an empty one."""
    return f"{event['fd']}#{event['gen']}" if "fd" in event else ""


def empty_turn() -> dict[str, int]:
    """Return the account of a turn that begins."""
    return {"found": 0, "waiting": 0, "between": 0, "handling": 0, "asking": 0}


def new_handle(fd: int, gen: int, t: int) -> dict[str, Any]:
    """Return the record of a handle that nothing is known of yet."""
    return {
        "fd": fd,
        "gen": gen,
        "role": "other",
        "peer": "",
        "mask": 0,
        "ready": 0,
        "cb": "",
        "owed": 0,
        "received": 0,
        "sent": 0,
        "calls": 0,
        "wasted": 0,
        "runs": 0,
        "handled": 0,  # nanoseconds in its handler
        "eof": False,  # the other side sends no more
        "err": "",
        "last": "",
        "at": t,
        "unread": 0,  # these two wait in the kernel
        "unsent": 0,
    }


def new_thread(th: int, t: int) -> dict[str, Any]:
    """Return the record of a thread that nothing is known of yet."""
    return {
        "th": th,
        "name": "main" if th == 0 else "",
        "call": "",  # empty: it runs
        "key": "",
        "since": t,
        "blocked": 0,  # nanoseconds inside calls
        "held": "",
    }


def unsound(state: Any) -> bool:
    """Return whether this is not the state of a keyframe: later events could not be folded."""
    model = initial()
    del model["meta"]
    for name in ("handles", "threads", "ready"):
        if type(state) is not dict or type(state.get(name)) is not dict:
            return True
    handle, thread = new_handle(0, 0, 0), new_thread(0, 0)
    optional: dict[str, dict[str, Any]] = {
        "running": {"key": "", "cb": "", "mask": 0},
        "slowest": {"key": "", "cb": "", "ns": 0},
        "held": {"at": "", "t": 0, "key": "", "cb": "", "why": ""},
        "ended": {"t": 0},
    }
    return (
        not _alike(state, {name: value for name, value in model.items() if value is not None})
        or not model.keys() <= state.keys()
        or not all(_alike(state[name], model[name]) for name in ("now", "last", "totals", "spent"))
        or not all(_alike(one, handle) for one in state["handles"].values())
        or not all(_alike(one, thread) for one in state["threads"].values())
        or not all(state[name] is None or _alike(state[name], optional[name]) for name in optional)
        or not (state["paused"] is None or type(state["paused"]) is int)
    )


def _alike(value: Any, model: dict[str, Any]) -> bool:
    """Return whether a dict has all the fields of a model, with values of the same types."""
    return type(value) is dict and all(
        type(value.get(name)) is type(like) for name, like in model.items()
    )
