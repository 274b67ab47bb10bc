"""Many events as one: sums for each handle, for times when there are too many to tell them all.

What happened once stays an event (open, close, reg, thread, log, ctl ...). Of the rest, calls and
turns, one `agg` gives the sums, and the last step of the loop is told as itself behind it, so that
a reader knows at any time where the server stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reactorkit.trace.changes import NOTHING_THERE, WAYS
from reactorkit.trace.events import FIELDS, Event, Row, from_row
from reactorkit.trace.shape import PHASES, State

# Places in an entry of agg.handles, and in a row of `io` and `call`.
GEN, RECEIVED, SENT, CALLS, WASTED, OWED = range(1, 7)
TIME, OP, IO_FD, IO_GEN, WANT, GOT, ERR, NS, TH, IO_OWED = range(1, 11)
CALL_TH = 6

_NEXT_PHASE = {
    "wait": "waiting",
    "wake": "between",
    "turn": "asking",
    "begin": "handling",
    "end": "between",
}


class Sums:
    """The sums of one stretch of a trace.

    Arguments:
        state: the state before it; read, not changed.
        zero: nanoseconds; the rows' times count from there.
    """

    def __init__(self, state: State, zero: int = 0) -> None:
        self._state, self._zero = state, zero
        self._phase, self._entered = state["phase"], state["since"] + zero
        self._end: int = state["t"] + zero
        self._turn: int | None = None
        self._found = self._accepted = self._errors = 0
        self._spent = {self._phase: 0, **dict.fromkeys(PHASES, 0)}
        self._handles: list[list[int]] = []
        self._latest: dict[int, list[int]] = {}  # the entry of each descriptor's newest handle
        self._lanes = bool(state["threads"])  # are there threads to keep account of?
        self._threads: dict[int, list[Any]] = {}
        self._called: dict[int, int] = {}  # when each thread's call began
        self._before: list[Event] = []
        self._after: list[Event] = []
        self._goodbye: list[Event] = []
        self._masks: dict[tuple[int, int], Event] = {}  # the last reg or unreg of each handle
        self._last = _running_row(state)
        self._slowest: tuple[int, Row | None] = -1, None
        step = self._step
        self._steps = dict.fromkeys(_NEXT_PHASE, step)
        self._steps |= {"call": self._call, "io": self._io, "waste": self._waste}

    def add(self, rows: Sequence[Row | Event]) -> None:
        """Count events in."""
        steps, latest = self._steps, self._latest
        for row in rows:
            if isinstance(row, dict):
                self._keep(row)
                continue
            kind = row[0]
            # Nearly all rows are calls that went well: these lines are their whole cost.
            if kind == "io" and len(row) == 7 and not self._lanes:
                entry = latest.get(row[3])
                if entry is None or entry[1] != row[4]:
                    entry = self._entry(row[3], row[4])
                entry[4] += 1
                op = row[2]
                if op == "recv":
                    entry[2] += row[6]
                elif op == "send":
                    entry[3] += row[6]
                    entry[6] = row[5] - row[6]
                else:
                    entry[4] -= 1
                    self._io(row)
            elif kind in steps:
                steps[kind](row)
            else:
                self._keep(from_row(row))
        if rows:
            last = rows[-1]
            self._end = max(self._end, last["t"] if isinstance(last, dict) else last[TIME])

    def events(self) -> list[Event]:
        """Return the events to tell instead."""
        self._spend(self._end)
        for event in self._masks.values():
            (self._before if event["e"] == "reg" else self._after).append(event)
        # A handle is there before its sums are, and is closed after them. `close` comes last.
        self._after.sort(key=lambda event: event["e"] == "close")
        told = [*self._before, self._sums(), *self._after]
        if self._last is not None:
            stands = from_row(self._last)
            stands.pop("err", None)  # it has been counted
            told.append(stands)
        told += self._goodbye
        for event in told:
            event["t"] = self._end - self._zero
        return told

    def _sums(self) -> Event:
        event: Event = {"e": "agg", "t": 0, "handles": self._handles}
        if self._turn is not None:
            event["turn"] = self._turn
        for name, value in (
            ("found", self._found),
            ("accepted", self._accepted),
            ("errors", self._errors),
            ("spent", {phase: self._spent[phase] for phase in PHASES if self._spent[phase]}),
            ("threads", list(self._threads.values())),
        ):
            if value:
                event[name] = value
        ns, row = self._slowest
        if row is not None:
            begin = from_row(row)
            event["key"] = f"{begin['fd']}#{begin['gen']}" if "fd" in begin else ""
            event["cb"], event["ns"] = begin.get("cb", ""), ns
        return event

    # ---------------------------------------------------------------- steps

    def _keep(self, event: Event) -> None:
        """Take over an event that happened once."""
        kind = event["e"]
        if kind in self._steps:  # it was not built as a row
            self._steps[kind]((kind, event["t"], *(event.get(name) for name in FIELDS[kind])))
        elif kind in ("reg", "unreg"):
            self._masks[event["fd"], event["gen"]] = event.copy()
        elif kind == "close" or (kind == "thread" and not event["on"]):
            self._after.append(event.copy())
        elif kind == "bye":
            self._goodbye.append(event.copy())
        else:
            self._before.append(event.copy())

    def _spend(self, t: int) -> int:
        """Count the time since the last step."""
        spent: int = t - self._entered
        self._spent[self._phase] += spent
        self._entered = t
        return spent

    def _step(self, row: Row) -> None:
        """The loop goes on: the phase before has ended."""
        kind, last = row[0], self._last
        spent = row[TIME] - self._entered
        self._spent[self._phase] += spent
        self._entered, self._last, self._phase = row[TIME], row, _NEXT_PHASE[kind]
        if last is not None:
            if last[0] == "begin" and spent > self._slowest[0]:
                self._slowest = spent, last
            elif last[0] == "wake":
                self._found += len(last[3])  # the last one tells its number itself
        if kind in ("wait", "wake", "turn"):
            self._turn = row[2]
        elif kind == "end" and len(row) > 4 and row[4] is not None:
            self._errors += 1

    def _entry(self, fd: int, gen: int) -> list[int]:
        """Return the handle's sums."""
        entry = self._latest.get(fd)
        if entry is None or entry[GEN] != gen:
            record = self._state["handles"].get(f"{fd}#{gen}")
            entry = [fd, gen, 0, 0, 0, 0, record["owed"] if record else 0]
            self._latest[fd] = entry
            self._handles.append(entry)
        return entry

    def _call(self, row: Row) -> None:
        self._lanes = True
        th = _at(row, CALL_TH) or 0
        before = self._threads.get(th)
        self._called[th] = row[TIME]
        self._threads[th] = [th, row[OP], row[IO_FD], row[IO_GEN], before[4] if before else 0]
        if WAYS.get(row[OP]) == "sent":
            self._entry(row[IO_FD], row[IO_GEN])[OWED] = _at(row, WANT) or 0

    def _io(self, row: Row) -> None:
        op, error, got = row[OP], _at(row, ERR), _at(row, GOT) or 0
        entry, way = self._entry(row[IO_FD], row[IO_GEN]), WAYS.get(op)
        nothing = error in NOTHING_THERE
        entry[CALLS] += 1
        entry[WASTED] += nothing
        self._errors += error is not None and not nothing
        self._accepted += op == "accept" and error is None
        if way == "received":
            entry[RECEIVED] += got
        elif way == "sent":
            entry[SENT] += got
            rest = (row[WANT] if row[WANT] is not None else got) - got
            entry[OWED] = max(rest, 0) if error is None or nothing else 0
        owed = _at(row, IO_OWED)
        if owed is not None and way is not None:
            entry[OWED] = owed
        if self._lanes:
            self._returned(row, _at(row, TH) or 0)

    def _returned(self, row: Row, th: int) -> None:
        """A thread runs again."""
        thread, known = self._threads.get(th), self._state["threads"].get(f"t{th}")
        if thread is None and known is None:
            return
        calls = known is not None and known["call"]
        began = self._called.pop(th, known["since"] + self._zero if calls else row[TIME])
        took = _at(row, NS)
        took = row[TIME] - began if took is None else took
        self._threads[th] = [th, "", row[IO_FD], row[IO_GEN], (thread[4] if thread else 0) + took]

    def _waste(self, row: Row) -> None:
        entry = self._entry(row[2], row[3])
        entry[CALLS] += row[4]
        entry[WASTED] += row[4]


def _at(row: Row, place: int) -> Any:
    """Return a value of a row; None where it has been left out."""
    return row[place] if len(row) > place else None


def _running_row(state: State) -> Row | None:
    """Return the step that has begun the handler which runs."""
    running = state["running"]
    if running is None:
        return None
    fd, _, gen = running["key"].partition("#")
    handle = (int(fd), int(gen)) if fd else (None, None)
    return ("begin", state["since"], *handle, running["mask"], running["cb"])
