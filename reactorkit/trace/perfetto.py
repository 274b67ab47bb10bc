"""A trace as Chrome trace events, which https://ui.perfetto.dev opens: drop the file there.

What becomes what: a turn is a slice, with the wait and the handlers inside it, and the calls
inside the handlers; each thread is a row. Counters: handles, ready ones, bytes owed, wasted calls.
Each connection is a slice of its own, from open to close. An arrow leads from the recv that
brought the bytes to the sends it caused.

Format: Google's "Trace Event Format" document, and Perfetto's page on what it reads of it. Times
are microseconds. Slices of one thread have to nest (Perfetto moves others to an overflow track), so
they are kept on a stack: whatever the trace has lost, what is inside ends before what is around it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from reactorkit.errors import KitError
from reactorkit.trace.events import Event
from reactorkit.trace.shape import State, initial, key_of
from reactorkit.trace.state import apply

PID = 1
Json = dict[str, Any]


class Source(Protocol):
    """A header and its events: a Recording, for example."""

    @property
    def header(self) -> Event:
        """The first line of the trace."""

    @property
    def events(self) -> Iterable[Event]:
        """The rest of it."""


def to_chrome(source: Source) -> Json:
    """Return a trace as one JSON object in Chrome's format."""
    header = {name: value for name, value in source.header.items() if name != "schema"}
    events = list(_Export(source.header).events(source.events))
    return {"traceEvents": events, "otherData": header}


def write_chrome(source: Source, path: str | Path) -> Path:
    """Write a trace for Perfetto; gzip if the name ends in .gz, which it opens too.

    Raises KitError where the file cannot be written.
    """
    path = Path(path)
    text = json.dumps(to_chrome(source), separators=(",", ":"))
    try:
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    except OSError as error:
        raise KitError(f"{path} cannot be written: {error.strerror}.") from error
    return path


class _Lane:
    """One thread: its slices, which nest because they are a stack."""

    def __init__(self, tid: int) -> None:
        self.tid = tid
        self.last = 0  # no slice begins or ends before this, in nanoseconds
        self.stack: list[str] = []  # the kinds of the open slices: turn, wait, handler, call, sums
        self.out: list[Json | list[Json]] = []
        self.brought: _Recv | None = None  # the recv of this handler

    def open(self, kind: str, name: str, t: int, **args: Any) -> None:
        """Begin a slice."""
        self.last = max(self.last, t)
        self.stack.append(kind)
        self.out.append(self.event("B", name=name or kind, cat=kind, args=args))

    def close(self, t: int, *kinds: str) -> None:
        """End open slices of these kinds, and whatever is inside them; without kinds: all."""
        self.last = max(self.last, t)
        while self.stack and (not kinds or any(kind in self.stack for kind in kinds)):
            self.stack.pop()
            self.out.append(self.event("E"))

    def event(self, phase: str, **more: Any) -> Json:
        """Return an event at the present moment of this thread."""
        return {"ph": phase, "pid": PID, "tid": self.tid, "ts": self.last / 1000, **more}


class _Recv:
    """A recv that has brought bytes: arrows to the sends it causes begin inside its slice."""

    def __init__(self, lane: _Lane) -> None:
        self.start = lane.event("s", name="bytes", cat="cause")
        self.arrows: list[Json] = []
        lane.out.append(self.arrows)  # filled later

    def cause(self, lane: _Lane, number: int) -> None:
        """Draw an arrow to the call that is open on a thread."""
        end = lane.event("f", name="bytes", cat="cause", id=number, bp="e")
        if self.start["ts"] <= end["ts"]:
            self.arrows.append({**self.start, "id": number})
            lane.out.append(end)


class _Export:
    """Goes through a trace once, with the state beside it."""

    def __init__(self, header: Event) -> None:
        self._header = header
        self._state: State = initial(header)
        self._lanes: dict[int, _Lane] = {}
        self._names: dict[int, str] = {0: "main"}
        self._extra: list[Json] = []  # counters, connections and marks
        self._alive: dict[str, str] = {}  # handle: the name of its slice
        self._owed: dict[str, int] = {}
        self._shown: dict[str, int] = {}  # what each counter stands at
        self._total_owed = 0
        self._received: dict[str, _Recv] = {}  # the last recv of each handle
        self._arrows = 0
        self._steps = {
            "wait": self._wait,
            "wake": self._wake,
            "turn": self._turn,
            "begin": self._begin,
            "end": self._end,
            "call": self._call,
            "io": self._io,
            "agg": self._agg,
            "thread": self._thread,
            "ctl": self._mark,
            "held": self._mark,
            "note": self._mark,
            "log": self._mark,
            "drop": self._drop,
        }

    def events(self, events: Iterable[Event]) -> Iterator[Json]:
        """Yield Chrome's events, in the order of their times."""
        for event in events:
            apply(self._state, event)
            step = self._steps.get(event["e"])
            if step is not None:
                step(event, self._lane(event.get("th", 0)))
            self._connections(event)
            self._counters(event)
        end = self._state["t"]
        for lane in self._lanes.values():
            lane.close(end)
        for key in list(self._alive):
            self._connection("e", key)
        yield from self._titles()
        told = [*self._extra]
        for lane in self._lanes.values():
            for one in lane.out:
                told += one if isinstance(one, list) else [one]
        told.sort(key=_time)  # stable: what a thread does at one moment stays in order
        yield from told

    def _titles(self) -> Iterator[Json]:
        server, style = self._header.get("server", "server"), self._header.get("style", "")
        title = {"name": "process_name", "args": {"name": f"{server} ({style})"}}
        yield {"ph": "M", "pid": PID, "tid": 0, "ts": 0, **title}
        for th, lane in sorted(self._lanes.items()):
            name = {"name": "thread_name", "args": {"name": self._names.get(th, f"thread {th}")}}
            yield {"ph": "M", "pid": PID, "tid": lane.tid, "ts": 0, **name}

    def _lane(self, th: int) -> _Lane:
        lane = self._lanes.get(th)
        if lane is None:
            lane = self._lanes[th] = _Lane(th + 1)  # 0 means "no thread"
        return lane

    # ---------------------------------------------------------- turns and calls

    def _wait(self, event: Event, lane: _Lane) -> None:
        lane.close(event["t"])
        lane.open("turn", f"turn {event['turn']}", event["t"])
        timeout = event.get("timeout")
        args = {"handles": event["n"]} | ({} if timeout is None else {"timeout_s": timeout})
        lane.open("wait", "wait", event["t"], **args)

    def _wake(self, event: Event, lane: _Lane) -> None:
        lane.close(event["t"], "wait", "handler")

    def _turn(self, event: Event, lane: _Lane) -> None:
        lane.close(event["t"])
        lane.open("turn", f"turn {event['turn']}", event["t"])

    def _begin(self, event: Event, lane: _Lane) -> None:
        lane.close(event["t"], "handler", "wait", "call")
        key = key_of(event)
        record = self._state["handles"].get(key, {})
        name = event.get("cb") or record.get("cb") or f"handler of {key or 'a task'}"
        lane.open("handler", name, event["t"], handle=key, mask=event.get("mask", 0))
        lane.brought = None

    def _end(self, event: Event, lane: _Lane) -> None:
        lane.close(event["t"], "handler")
        if "err" in event:
            self._instant(lane, event["err"], "error")

    def _call(self, event: Event, lane: _Lane) -> None:
        lane.close(event["t"], "call")
        lane.open("call", event["op"], event["t"], handle=key_of(event))

    def _io(self, event: Event, lane: _Lane) -> None:
        t, key = event["t"], key_of(event)
        args = {name: event[name] for name in ("want", "got", "err", "owed") if name in event}
        if "call" in lane.stack:
            self._arrow(event, lane, key)
            lane.close(t, "call")
            lane.out[-1]["args"] = args  # type: ignore[call-overload]
            return
        # A call whose length was not taken began when the step before it was over.
        took = event.get("ns", t - lane.last if lane.stack else 0)
        lane.open("call", event["op"], t - took, handle=key, **args)
        self._arrow(event, lane, key)
        lane.close(t, "call")

    def _arrow(self, event: Event, lane: _Lane, key: str) -> None:
        """Remember what a recv has brought, or draw the arrow to a send from what caused it.

        That is the recv in the same handler; without one, the last recv of the same handle.
        """
        got, op = event.get("got", 0), event["op"]
        if got <= 0:
            return
        if op.startswith("recv"):
            lane.last = max(lane.last, event["t"])  # the bytes are there when it returns
            lane.brought = self._received[key] = _Recv(lane)
        elif op.startswith("send"):
            cause = lane.brought or self._received.get(key)
            if cause is not None:
                self._arrows += 1
                cause.cause(lane, self._arrows)

    def _agg(self, event: Event, lane: _Lane) -> None:
        """Show a stretch of which only the sums are known as one slice."""
        began, t = lane.last, event["t"]
        self._break_off(began)
        calls = sum(entry[4] for entry in event["handles"])
        lane.open("sums", f"{calls} calls, summed up", began, **event.get("spent", {}))
        self._break_off(t)
        for th, op, fd, gen, _ in event.get("threads", []):
            if op:
                self._lane(th).open("call", op, t, handle=f"{fd}#{gen}")

    def _break_off(self, t: int) -> None:
        """End every slice: what comes next is not known to follow from it."""
        for lane in self._lanes.values():
            lane.close(t)
            lane.brought = None

    def _thread(self, event: Event, lane: _Lane) -> None:
        self._names[event["th"]] = event["name"] or f"thread {event['th']}"
        if not event["on"]:
            lane.close(event["t"])

    def _drop(self, event: Event, lane: _Lane) -> None:
        self._break_off(event["t"])
        self._received.clear()
        self._instant(lane, f"{event['n']} events lost", "drop")

    def _mark(self, event: Event, lane: _Lane) -> None:
        kind = event["e"]
        name = event.get("text") or event.get("what") or f"held at {event.get('at')}"
        self._instant(lane, str(name), kind)

    def _instant(self, lane: _Lane, name: str, cat: str) -> None:
        t = self._state["t"] / 1000
        self._extra.append(
            {"ph": "i", "pid": PID, "tid": lane.tid, "ts": t, "s": "p", "name": name, "cat": cat}
        )

    # ------------------------------------------------- connections and counters

    def _connections(self, event: Event) -> None:
        handles = self._state["handles"]
        if event["e"] == "key":  # whatever was lost shows here
            keys = {*self._alive, *handles}
        elif event["e"] in ("open", "close", "reg"):
            keys = {key_of(event)}
        else:
            return
        for key in sorted(keys):
            if key in handles and key not in self._alive:
                record = handles[key]
                self._alive[key] = f"{record['role']} {key} {record['peer']}".strip()
                self._connection("b", key)
            elif key not in handles and key in self._alive:
                self._connection("e", key)
                self._received.pop(key, None)

    def _connection(self, phase: str, key: str) -> None:
        name = self._alive.pop(key) if phase == "e" else self._alive[key]
        where = {"pid": PID, "tid": 0, "ts": self._state["t"] / 1000}
        # A local id puts it among the server's own rows.
        one = {"ph": phase, "cat": "connection", "id2": {"local": key}, "name": name}
        self._extra.append(one | where)

    def _counters(self, event: Event) -> None:
        state, kind = self._state, event["e"]
        self._count("open handles", len(state["handles"]))
        self._count("wasted calls", state["totals"]["wasted"])
        if kind in ("wake", "wait"):
            self._count("ready handles", len(event.get("ready", [])))
        if kind in ("key", "agg"):
            self._owed = {key: one["owed"] for key, one in state["handles"].items()}
            self._total_owed = sum(self._owed.values())
        elif kind in ("call", "io", "close"):
            key = key_of(event)
            record = state["handles"].get(key)
            owed = record["owed"] if record else 0
            self._total_owed += owed - self._owed.get(key, 0)
            self._owed[key] = owed
        self._count("owed bytes", self._total_owed)

    def _count(self, name: str, value: int) -> None:
        """Show a number where it changes; Perfetto puts the two words of its name together."""
        if self._shown.get(name) != value:
            self._shown[name] = value
            what, unit = name.split()
            where = {"pid": PID, "tid": 0, "ts": self._state["t"] / 1000}
            self._extra.append({"ph": "C", "name": what, "args": {unit: value}, **where})


def _time(event: Json) -> float:
    ts: float = event["ts"]
    return ts
