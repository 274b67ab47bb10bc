"""The events of this process: which handle is which, and whether each event is told or counted.

Calm, every event is a row in the channel. Above a few thousand a second, rows alone would cost a
tenth of the server's time; then sockets and turns only count (`counting`), and the sums are told
30 times a second. While paused, stepping or waiting for a condition, every event is told.
"""

from __future__ import annotations

import _thread
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reactorkit.probe.gate import Gate
from reactorkit.probe.lanes import Lane, Lanes
from reactorkit.trace.channel import Channel

if TYPE_CHECKING:
    from reactorkit.probe.sockets import Socket

PACE = 33_000_000  # nanoseconds between two looks at how much there is
SUMS_PACE = 66_000_000  # between two sums: each costs the server, and whoever reads, some time
CALM = 4_000  # events a second that are told; less than the channel's own limit
BURST = 2_000  # events above that which are still told
ROW_COST = 500  # nanoseconds that one event costs the server, roughly
COUNT_COST = 250  # and one call that is only counted

_sleep = time.sleep


class Tracer:
    """What every replaced call of this process uses; there is one, `tracer`."""

    def __init__(self) -> None:
        self.channel: Channel | None = None
        self.clock: Callable[[], int] = time.monotonic_ns
        self.push: Callable[[Any], None] = _nothing
        self.counting = False
        self.seen = 0  # events since the last look, roughly
        self.turn = 0
        self.births = 0  # how many handles there have been
        self.counts = Counts()
        self.everyone: dict[int, Lane] = {}
        self.lanes = Lanes(self._thread, self.everyone)
        self.gate = Gate(self._tell, self._keep_every, self.everyone)
        self.sockets: weakref.WeakValueDictionary[int, Socket] = weakref.WeakValueDictionary()
        self._every = False
        self._gens: dict[int, int] = {}
        self._open: dict[int, int] = {}  # descriptor: generation, of those that are open
        self._credit: float = BURST
        self._looked = 0
        self._pace = PACE
        self._looking = _thread.allocate_lock()

    def attach(self, channel: Channel) -> None:
        """Tell everything to this channel from here on."""
        self.channel, self.clock, self.push = channel, channel.clock, channel.push
        channel.row_cost = ROW_COST
        self._looked = channel.clock()

    def let_go(self) -> None:
        """Tell nothing from here on: nobody watches any more."""
        self.channel, self.push, self.counting = None, _nothing, True
        self.counts.closed.clear()

    def forked(self) -> None:
        """Be an ordinary process: this is a child of fork."""
        self.let_go()
        self._looking = _thread.allocate_lock()
        self.gate.forked()

    # ------------------------------------------------------------------ handles

    def born(self, fd: int) -> int:
        """Return the generation of a descriptor that has just been given out."""
        if fd in self._open:  # it was closed where nobody saw it
            self.gone(fd, self._open[fd])
        self.births += 1
        gen = self._gens[fd] = self._open[fd] = self._gens.get(fd, -1) + 1
        return gen

    def is_open(self, fd: int) -> bool:
        """Whether a descriptor is open, as far as was seen."""
        return fd in self._open

    def known(self, fd: int) -> int:
        """Return the generation of any open descriptor."""
        gen = self._open.get(fd)
        return self.born(fd) if gen is None else gen

    def gone(self, fd: int, gen: int) -> None:
        """Tell that a handle is closed."""
        if self._open.get(fd) == gen:
            del self._open[fd]
            if self.channel is not None:
                self.channel.uncell(fd, gen)
            self.push(("close", self.clock(), fd, gen))

    def opened(
        self, fd: int, gen: int, role: str, peer: str = "", via: list[int] | None = None
    ) -> None:
        """Tell what a handle is for."""
        self.push(("open", self.clock(), fd, gen, role, peer or None, via))

    def wasted(self, fd: int, gen: int, op: str) -> None:
        """Count a call that found nothing; the channel tells the sum."""
        if self.channel is not None:
            self.channel.cell(fd, gen, op)[0] += 1

    # ---------------------------------------------------------- events and sums

    def _tell(self, kind: str, **fields: Any) -> None:
        """Tell an event of the gate, at once."""
        if self.channel is not None:
            self.channel.emit(kind, **fields)
            self.channel.flush()

    def note(self, text: str) -> None:
        """Tell a person something."""
        self._tell("note", text=text)

    def _keep_every(self, on: bool) -> None:
        if self.channel is not None and on != self._every:
            self._every = on
            if on and self.counting:
                self._look(self.clock(), calm=True)
            self.channel.keep_every(on)

    def _thread(self, lane: Lane, on: bool) -> None:
        self.push(("thread", self.clock(), lane.th, lane.name, on))
        if not on:
            self.gate.left(lane)

    def tick(self, now: int) -> None:
        """Look how much there is, and tell what is due; `now` is a reading of `clock`."""
        if now - self._looked >= self._pace:
            self._look(now)
        channel = self.channel
        if channel is not None:
            channel.tick(now)
            if channel.gone:
                self.let_go()

    def _look(self, now: int, calm: bool = False) -> None:
        """Choose between events and sums; tell the sums."""
        if self.channel is None or not self._looking.acquire(False):
            return  # another thread is at it
        try:
            seen, self.seen = self.seen, 0
            was_counting = self.counting
            if calm:
                self.counting = False  # first: what other threads do from now on is told
            sums = self.counts.take(self, now) if was_counting else None
            took = self.clock() - now if was_counting else 0
            if sums is not None:
                seen += 2 * sums.pop("seen")
            earned = CALM * (now - self._looked) / 1e9
            self._credit = min(self._credit + earned, BURST) - seen
            self._looked = now
            self._decide(calm)
            # With very many handles the sums take long: a tenth of the time at most.
            self._pace = max(SUMS_PACE, 20 * took) if self.counting else PACE
            if sums is not None:
                self._tell_sums(sums, now)
        finally:
            self._looking.release()

    def _decide(self, calm: bool) -> None:
        if calm or self._every:
            self.counting, self._credit = False, BURST
        elif self._credit < 0:
            if not self.counting:
                self.counts.begin(self)
            self.counting, self._credit = True, 0
        elif self._credit >= BURST / 2:
            self.counting = self.channel is None

    def _tell_sums(self, sums: dict[str, Any], now: int) -> None:
        cost = sums.pop("cost")
        self.push({"e": "agg", "t": now, **sums})
        self.push(("cost", now, cost))
        if not self.counting:
            self.push(("detail", now, True))
        self.push(self.counts.stands(self, now))

    def watch_over(self) -> None:
        """Tell what is left when the server sleeps; runs in a thread of its own."""
        while (channel := self.channel) is not None and not channel.gone:
            _sleep(channel.patience(self.clock()) or PACE / 1e9)
            self.tick(self.clock())


class Counts:
    """What is summed up while events are not told one by one."""

    def __init__(self) -> None:
        self.turn = self.found = self.accepted = self.errors = 0
        self.n = 0
        self.timeout: float | None = None
        self.waiting = False
        self.spent = {"waiting": 0, "handling": 0}
        self.entered = 0  # when the present phase began
        self.closed: list[list[int]] = []  # the sums of handles that are closed by now

    def begin(self, tracer: Tracer) -> None:
        """Start to count. What a call added after the last sums were taken stays, and is told."""
        self.entered = tracer.clock()

    def enter(self, phase: str, now: int) -> None:
        """End a phase."""
        self.spent[phase] += now - self.entered
        self.entered = now

    def take(self, tracer: Tracer, now: int) -> dict[str, Any]:
        """Return the fields of an `agg` and begin anew; with `seen`, the number of calls."""
        closed, self.closed = self.closed, []
        handles = closed + [
            sums for sock in list(tracer.sockets.values()) if (sums := sock.take_sums())
        ]
        seen = sum(entry[4] - entry[5] for entry in handles)  # what found nothing costs no event
        self.enter("waiting" if self.waiting else "handling", now)
        fields: dict[str, Any] = {"handles": handles, "seen": seen, "cost": seen * COUNT_COST}
        for name in ("found", "accepted", "errors"):
            fields[name] = getattr(self, name)
            setattr(self, name, 0)
        if tracer.turn:
            fields["turn"] = tracer.turn
            fields["spent"], self.spent = self.spent, {"waiting": 0, "handling": 0}
        threads = [_lane_sums(lane, now) for lane in list(tracer.everyone.values())]
        if any(lane.th is not None for lane in list(tracer.everyone.values())):
            fields["threads"] = [thread for thread in threads if thread[3] >= 0]
        return fields

    def stands(self, tracer: Tracer, now: int) -> tuple[Any, ...]:
        """Return the row that says where the loop stands now."""
        if self.waiting:
            return ("wait", now, tracer.turn, self.n, self.timeout)
        return ("wake", now, tracer.turn, [])


def _lane_sums(lane: Lane, now: int) -> list[Any]:
    """Return what `agg.threads` says of a thread."""
    blocked, lane.blocked = lane.blocked, 0
    fd, gen = lane.place
    if lane.asleep and lane.since:
        blocked, lane.since = blocked + now - lane.since, now
    return [lane.th or 0, lane.op if lane.asleep else "", fd, gen if fd >= 0 else -1, blocked]


def _nothing(_: Any) -> None:
    pass


tracer = Tracer()
