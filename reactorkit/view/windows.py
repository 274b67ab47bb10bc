"""Sliding windows over a trace: the last turns, runs of handlers, rates, and heat of each handle.

`Windows.feed(event)` folds the event into the state and keeps what the state forgets. What it
tells depends on the events and on the moment alone; the twin in js/look.js tells the same, and
both are held to the same golden traces. Times are nanoseconds of the server's clock.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

from reactorkit.trace.events import Event
from reactorkit.trace.shape import PHASES, State, initial, key_of, snapshot
from reactorkit.trace.state import apply

TURNS_LENGTH = 120
SLICES_LENGTH = 400
BUCKET = 100_000_000  # nanoseconds between two samples of the totals
BUCKETS = 10  # rates are over this many, and the running one
SHORTEST = 250_000_000  # nanoseconds; a rate over less would be a guess
EPOCH = 500_000_000  # heat is what happened in this stretch of time and the one before
CALL_WEIGHT = 16  # a call warms a handle as much as so many bytes
HOTTEST = (1 << 24) - 1

RATES = ("turns", "found", "calls", "wasted", "received", "sent", "accepted")


class Sample(NamedTuple):
    """The totals as they were from one boundary of the samples to another."""

    first: int
    last: int
    counts: tuple[int, ...]  # in the order of RATES
    cost: int
    spent: tuple[int, ...]  # in the order of PHASES
    phase: str
    since: int
    stop: int | None  # when the server was held


class Summary(NamedTuple):
    """What happened in the last second."""

    rates: dict[str, float]
    idle_share: float | None
    probe: float | None


class Windows:
    """The state of a traced server, and what has just happened there.

    state: the fold; read only. count: events fed so far. start: time of the first one, or None.
    touched: the keys of handles that have changed, come or gone since somebody cleared it.
    cleared: how often turns and slices have begun anew.
    keyed: how often a keyframe has told everything.
    """

    def __init__(self, header: Event | None = None) -> None:
        self.state: State = initial(header)
        self.count = 0
        self.start: int | None = None
        self.turns: list[dict[str, int]] = []
        self.slices: list[dict[str, Any]] = []
        self.told = {"turns": 0, "slices": 0, "timeline": 0, "log": 0}  # ever added to each
        self.cleared = 0  # how often turns and slices, or everything, have begun anew
        self.touched: set[str] = set()
        self.keyed = 0  # how often a keyframe has told everything
        self._began: int | None = None
        self._th = 0
        self._heat: dict[str, list[int]] = {}
        self._samples: list[Sample] = []
        self._boundary = 0
        self._next = -1  # the next boundary, in nanoseconds; the first event is past it
        self._base = self._sample_of(0, 0)

    def copy(self) -> Windows:
        """Return a copy that later events do not touch."""
        twin = copy.copy(self)
        twin.state = snapshot(self.state)
        twin.turns, twin.slices = self.turns[:], self.slices[:]
        twin.told = self.told.copy()
        twin.touched = set()
        twin._heat = {key: entry[:] for key, entry in self._heat.items()}
        twin._samples = self._samples[:]
        return twin

    # ------------------------------------------------------------------ feeding

    def feed(self, event: Event) -> None:
        """Take the next event."""
        state = self.state
        if event["t"] >= self._next:
            self._let_pass(max(event["t"], state["t"]))
        timeline = state["timeline"]
        newest = timeline[-1] if timeline else None
        take = _TAKES.get(event["e"])
        if take is None:
            apply(state, event)
        else:
            take(self, event)
        self.count += 1
        timeline = state["timeline"]
        if timeline and timeline[-1] is not newest:  # no event adds more than one line
            self.told["timeline"] += 1

    def _let_pass(self, now: int) -> None:
        """Move the clock on, before the next event changes anything."""
        if self.start is None:
            self._begin(now)
        else:
            self._sample(now // BUCKET)

    def _on_io(self, event: Event) -> None:
        state = self.state
        wasted, call = state["totals"]["wasted"], None
        if state["threads"]:
            thread = state["threads"].get(f"t{event.get('th', 0)}")
            if thread is not None and thread["call"]:
                call = thread["since"]
        apply(state, event)
        key = f"{event['fd']}#{event['gen']}"
        self.touched.add(key)
        wasted = state["totals"]["wasted"] - wasted
        self._add(key, event.get("got", 0) + CALL_WEIGHT, wasted)
        if call is not None:
            self._slice(call, key, event["op"], event.get("th", 0))

    def _on_step(self, event: Event) -> None:
        """The loop goes on: a handler, or a turn, may end here and another begin."""
        state, kind = self.state, event["e"]
        running, ready, since, turn = (
            state["running"],
            state["ready"],
            state["since"],
            state["turn"],
        )
        apply(state, event)
        if kind not in ("begin", "end"):
            self.touched.update(ready, state["ready"])
        if running is not None and state["running"] is not running:
            self.touched.add(running["key"])
            self._slice(since, running["key"], running["cb"], self._th)
        if kind == "begin":
            key = key_of(event)
            self._th = event.get("th", 0)
            self.touched.add(key)
            self._add(key, CALL_WEIGHT, 0)
        elif kind in ("wait", "turn"):
            self._turn(turn)

    def _on_handle(self, event: Event) -> None:
        key = key_of(event)
        apply(self.state, event)
        self.touched.add(key)
        if event["e"] == "close":
            self._heat.pop(key, None)
        elif event["e"] == "waste":
            self._add(key, CALL_WEIGHT * event["n"], event["n"])

    def _on_agg(self, event: Event) -> None:
        ready, running = self.state["ready"], self.state["running"]
        apply(self.state, event)
        self.touched.update(ready)
        if running is not None:
            self.touched.add(running["key"])
        for fd, gen, received, sent, calls, wasted, _ in event["handles"]:
            key = f"{fd}#{gen}"
            self.touched.add(key)
            self._add(key, received + sent + CALL_WEIGHT * calls, wasted)
        self._forget()

    def _on_log(self, event: Event) -> None:
        apply(self.state, event)
        self.told["log"] += 1

    def _on_key(self, event: Event) -> None:
        """Begin anew: the whole state is told."""
        apply(self.state, event)
        now = self.state["t"]
        self._samples, self._heat = [], {}
        self._begin(now)
        self._forget()
        self.touched = set()
        self.keyed += 1

    def _begin(self, now: int) -> None:
        self.start, self._boundary = now, now // BUCKET
        self._next = (self._boundary + 1) * BUCKET
        self._base = self._sample_of(self._boundary, self._boundary)

    def _forget(self) -> None:
        """Only sums are told: of turns and handlers nothing is known."""
        self.turns, self.slices, self._began = [], [], None
        self.cleared += 1

    def _slice(self, t0: int, key: str, cb: str, th: int) -> None:
        self.slices.append({"t0": t0, "t1": self.state["t"], "key": key, "cb": cb, "th": th})
        self.told["slices"] += 1
        if len(self.slices) > SLICES_LENGTH:
            del self.slices[0]

    def _turn(self, turn: int) -> None:
        """A turn begins; the one before is over."""
        if self._began is not None:
            self.turns.append({"turn": turn, "t0": self._began, **self.state["last"]})
            self.told["turns"] += 1
            if len(self.turns) > TURNS_LENGTH:
                del self.turns[0]
        self._began = self.state["t"]

    # -------------------------------------------------------------- the handles

    def _add(self, key: str, amount: int, wasted: int) -> None:
        if key not in self.state["handles"]:
            return
        epoch, entry = self.state["t"] // EPOCH, self._heat.get(key)
        if entry is None:
            self._heat[key] = [epoch, amount, 0, wasted, 0]
            return
        if epoch != entry[0]:
            follows = epoch == entry[0] + 1
            entry[:] = epoch, 0, entry[1] if follows else 0, 0, entry[3] if follows else 0
        entry[1] += amount
        entry[3] += wasted

    def warm(self) -> list[str]:
        """Return the keys of handles that have been active."""
        return list(self._heat)

    def heat(self, key: str, now: int) -> tuple[int, bool]:
        """Return how active a handle is (0 to 255), and whether it has wasted calls."""
        entry = self._heat.get(key)
        if entry is None:
            return 0, False
        age = now // EPOCH - entry[0]
        if age == 0:
            return level(entry[1] + entry[2]), entry[3] + entry[4] > 0
        if age == 1:
            return level(entry[1]), entry[3] > 0
        del self._heat[key]  # cold: it begins anew with its next call
        return 0, False

    # ---------------------------------------------------------- the last second

    def _sample_of(self, first: int, last: int) -> Sample:
        state, held = self.state, self.state["held"]
        totals = state["totals"]
        return Sample(
            first,
            last,
            (state["turn"], *(totals[name] for name in RATES[1:])),
            totals["cost"],
            tuple(state["spent"][phase] for phase in PHASES),
            state["phase"],
            state["since"],
            held["t"] if held is not None and held["at"] != "kernel" else None,
        )

    def _sample(self, boundary: int) -> None:
        """Remember the totals: they have not changed since the last boundary."""
        self._samples.append(self._sample_of(self._boundary + 1, boundary))
        self._boundary = boundary
        self._next = (boundary + 1) * BUCKET
        while self._samples[0].last < boundary - BUCKETS:
            del self._samples[0]

    def summary(self, now: int) -> Summary:
        """Return the rates, a second, and the shares of time, of the second before `now`."""
        start = self.start if self.start is not None else now
        boundary = now // BUCKET - BUCKETS
        latest = self._sample_of(0, 0)
        begin, before = boundary * BUCKET, latest
        if begin <= start:
            begin, before = start, self._base
        else:
            for sample in self._samples:
                if sample.first <= boundary <= sample.last:
                    before = sample
        elapsed = max(now - begin, SHORTEST)
        counts = zip(RATES, latest.counts, before.counts, strict=True)
        rates = {name: max(after - first, 0) * 1e9 / elapsed for name, after, first in counts}
        spent = [
            max(after - first, 0)
            for after, first in zip(_spent(latest, now), _spent(before, begin), strict=True)
        ]
        whole = sum(spent)
        cost = (latest.cost - before.cost) / elapsed if latest.cost else None
        return Summary(
            rates,
            spent[0] / whole if whole else None,
            None if cost is None else min(max(cost, 0.0), 1.0),
        )


def _spent(sample: Sample, at: int) -> list[int]:
    """Return the time spent in each phase up to a moment, the running phase included."""
    spent = list(sample.spent)
    if sample.phase in PHASES:
        end = at if sample.stop is None else min(at, sample.stop)
        spent[PHASES.index(sample.phase)] += max(end - sample.since, 0)
    return spent


def level(amount: int) -> int:
    """Return an activity as 0 to 255, each doubling 10 more. Whole numbers: the same everywhere."""
    if amount <= 0:
        return 0
    amount = min(amount, HOTTEST)
    power = amount.bit_length() - 1
    return min(255, 15 + 10 * power + ((amount - (1 << power)) * 10 >> power))


_TAKES: dict[str, Callable[[Windows, Event], None]] = {
    "io": Windows._on_io,
    **dict.fromkeys(("begin", "end", "wait", "wake", "turn", "bye"), Windows._on_step),
    **dict.fromkeys(("open", "close", "reg", "unreg", "call", "waste"), Windows._on_handle),
    "agg": Windows._on_agg,
    "log": Windows._on_log,
    "key": Windows._on_key,
}
