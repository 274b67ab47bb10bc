"""The child's end of a live trace: events go into a descriptor and never hold the server up.

    channel = Channel(fd, header("echo_select", "select"))
    push, clock = channel.push, channel.clock  # once; both are plain C functions

    push(("io", clock(), "recv", fd, gen, 65536, 5))  # hot: a row, values in the order of KINDS
    channel.emit("open", fd=7, gen=0, role="client")  # seldom: an event by name
    channel.tick(now)  # once per turn, or per call of a thread
    channel.flush()  # when the server is held, and when patience() has run out

What has been pushed is told by the next tick that comes at least 33 ms after the last flush. So
somebody has to look after what is pushed last before the server sleeps: the loop itself, by
sleeping for `patience()` first, or a helper thread that sleeps in turns of `patience()`.

Nothing is serialised when an event happens; it is appended to a list, which is atomic, so that
threads need no lock. A flush turns the list into lines, folds them into `channel.state`, and
writes as much as the descriptor takes at once.

Three things can be too much. Above 5,000 events a second, for longer than a burst, sums are told
instead (`agg`; see sums.py). When nobody reads, events are lost and counted; once there is room
again, `drop` and a keyframe say where things stand. And when a flush takes long, because there are
very many handles, the next one is put off: flushing takes a tenth of the time at most.
"""

from __future__ import annotations

import _socket  # not `socket`: that one is the target's to import, and the probe's to replace
import _thread
import os
import select
import stat
import sys
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from reactorkit.trace.events import Event, Row, encode, from_row
from reactorkit.trace.shape import State, initial, keyframe
from reactorkit.trace.state import apply
from reactorkit.trace.sums import Sums

PACE = 33_000_000  # nanoseconds between two flushes: 30 pictures a second
LONGEST_PACE = 1_000_000_000
MOST_ROWS = 2_000
CALM = 5_000  # events a second that are told one by one
BURST = 2_500  # events above that which are still told
ROOM = 1 << 20  # bytes that may wait for a reader before events are lost
ROOM_WHEN_HELD = 1 << 24  # while every event has to be kept
CHUNK = 1 << 16
SHARE = 10  # flushing may take one part in so many of the time
COST_EVERY = 1_000_000_000

_poll = select.poll  # the real one: the probe replaces it in its module later

_OPEN: weakref.WeakSet[Channel] = weakref.WeakSet()


class Channel:
    """Events on their way from a traced server to whoever watches.

    Arguments:
        fd: a pipe or a stream socket, which the channel will close. A copy of it (os.dup) may
            read commands: a socket stays blocking, only the channel's own calls do not wait.
        header: the first line. `clock`: nanoseconds, monotonic. Take it before anybody replaces
            the `time` module's functions; the default does.
        row_cost: nanoseconds that a row costs outside the channel, for the `cost` events.
    """

    def __init__(
        self,
        fd: int,
        header: Event,
        clock: Callable[[], int] = time.monotonic_ns,
        row_cost: int = 0,
    ) -> None:
        self.clock = clock
        self.start = clock()
        self.row_cost = row_cost
        self.state: State = initial(header)
        self.turn = 0  # a busy loop counts its passes here; a flush tells the last
        self.gone = False  # nobody reads any more, or this is a forked child
        self.pace = PACE
        self._rows: list[Row | Event] = []
        self.push: Callable[[Row | Event], None] = self._rows.append
        self._fd = fd
        self._send, self._release = _sender(fd)
        self._out = bytearray(encode(header).encode())
        self._room = ROOM
        self._lock = _thread.allocate_lock()
        self._asked = False
        self._every = False
        self._credit: float = BURST
        self._counted = self.start
        self._taken = 0
        self._summing = False
        self._sums: Sums | None = None
        self._cells: dict[tuple[int, int], list[Any]] = {}
        self._flushed = self._costed = self.start
        self._cost = 0
        self._lost = 0
        self._next_key = 0  # not before this time
        _OPEN.add(self)
        self.flush()  # the header

    # ------------------------------------------------------------ in the server

    def emit(self, kind: str, **fields: Any) -> None:
        """Tell an event that does not happen often; None stands for a missing field."""
        event = {name: value for name, value in fields.items() if value is not None}
        self.push({"e": kind, "t": self.clock(), **event})

    def cell(self, fd: int, gen: int, op: str) -> list[Any]:
        """Return the cell that counts this handle's calls that find nothing: `cell[0] += 1`.

        For busy loops: the count is told with the next flush. Call `uncell` before the handle's
        `close` is told.
        """
        return self._cells.setdefault((fd, gen), [0, op])

    def uncell(self, fd: int, gen: int) -> None:
        """Forget a cell; what it counted is still told."""
        cell = self._cells.pop((fd, gen), None)
        if cell is not None and cell[0]:
            self.push(("waste", self.clock(), fd, gen, cell[0], cell[1]))

    def tick(self, now: int) -> None:
        """Flush if it is time; `now` is a reading of `clock`."""
        if now - self._flushed >= self.pace or len(self._rows) >= MOST_ROWS:
            self._ask(now - self._flushed >= self.pace)

    def patience(self, now: int) -> float | None:
        """Return the seconds until a flush is due; None: nothing waits to be told.

        A loop that goes to sleep waits that long first, flushes, and then waits for the rest.
        """
        if not self._rows and self._sums is None and not self._behind():
            return None
        return max(self._flushed + self.pace - now, 0) / 1e9

    def _behind(self) -> bool:
        return bool(self._out or self._lost)

    def flush(self) -> None:
        """Tell everything now, as far as the descriptor takes it."""
        self._ask(True)

    def keep_every(self, on: bool) -> None:
        """Tell every event one by one, however many there are: while paused or stepping."""
        self.flush()
        self._every = on

    def close(self, code: int | None = None, patience: float = 0.5) -> None:
        """Say goodbye, wait at most `patience` seconds for a slow reader, and let go."""
        if self.gone:
            return
        self.emit("bye", code=code)
        end = self.clock() + int(patience * 1e9)
        while self.clock() < end and not self.gone:
            self._next_key = 0
            self.flush()
            if self._behind():
                poller = _poll()
                poller.register(self._fd, select.POLLOUT)
                poller.poll(max((end - self.clock()) // 1_000_000, 1))
            elif self.state["ended"] is not None:
                break
            else:  # another thread is flushing, and will find the goodbye
                _poll().poll(1)
        self.detach()

    def detach(self) -> None:
        """Tell nothing from here on. What is pushed is thrown away."""
        if not self.gone:
            self.gone = True
            _OPEN.discard(self)
            self._send = _nowhere
            self._release()
            os.close(self._fd)
        self._rows.clear()
        self._cells.clear()
        self._out.clear()
        self._sums, self._lost = None, 0

    def forked(self) -> None:
        """Detach in a forked child: the trace is its parent's. A thread may hold our lock."""
        self._lock = _thread.allocate_lock()
        self.detach()

    # ------------------------------------------------------------------ a flush

    def _ask(self, whole: bool) -> None:
        """Flush here, or have the thread flush again that is at it already."""
        if whole:
            self._asked = True
        # Whoever finds the lock taken has asked before; the holder looks after it lets go. Never
        # waiting for it also keeps a signal handler from waiting for the code it interrupted.
        while self._lock.acquire(False):
            try:
                whole, self._asked = self._asked, False
                self._flush(whole)
            finally:
                self._lock.release()
            if not self._asked:  # another thread may have asked meanwhile
                return

    def _flush(self, whole: bool) -> None:
        began = self.clock()
        rows = self._rows[:]
        del self._rows[: len(rows)]  # and not what another thread has appended meanwhile
        if self.gone:
            return
        self._taken += len(rows)
        try:
            told = self._choose(rows, began, whole)
            if told is not None:  # else: counted in, told when it is time
                self._tell(told)
                self._write()
                if self._lost and not self._out and began >= self._next_key:
                    self._catch_up(began)
                self._flushed = self.clock()
                self.pace = min(max(PACE, SHARE * (self._flushed - began)), LONGEST_PACE)
        except Exception as error:  # noqa: BLE001 - our fault must not end somebody's server
            self.detach()
            print(f"Nobody can watch this server any more: {error!r}.", file=sys.stderr)
        except BaseException:  # a signal handler's; what it has cut short counts as lost
            self._lost += self._taken
            self._taken = 0
            raise
        self._cost += self.clock() - began

    def _choose(self, rows: list[Row | Event], now: int, whole: bool) -> list[Event] | None:
        """Return the events to tell: the rows themselves, or their sums; None: not yet."""
        if self.state["ended"] is not None:
            return []  # nothing comes after the goodbye
        if whole:
            rows += self._own_rows(now)
        if not rows and self._sums is None:
            return []  # nothing has happened: what was told last still holds
        was_summing = self._summing
        self._switch(len(rows), now)
        if not self._summing:
            sums, self._sums = self._sums, None
            events = [self._event(row) for row in rows]
            events.sort(key=_time)  # threads append a moment after they have read the clock
            if was_summing:
                detail = {"e": "detail", "t": now - self.start, "every": True}
                events = [*(sums.events() if sums else []), detail, *events]
            return events
        if self._sums is None:
            self._sums = Sums(self.state, self.start)
        self._sums.add(rows)
        if not whole:
            return None
        sums, self._sums = self._sums, None
        return sums.events()

    def _own_rows(self, now: int) -> list[Row]:
        """Return what the channel itself has counted since the last flush."""
        self._cost += self._taken * self.row_cost
        rows: list[Row] = []
        for (fd, gen), cell in list(self._cells.items()):
            if n := cell[0]:
                cell[0] -= n
                rows.append(("waste", now, fd, gen, n, cell[1]))
        if self.turn > self.state["turn"]:
            rows.append(("turn", now, self.turn))
        if self._cost and now - self._costed >= COST_EVERY:
            rows.append(("cost", now, self._cost))
            self._cost, self._costed = 0, now
        return rows

    def _switch(self, count: int, now: int) -> None:
        """Decide between events and sums; a credit lets bursts pass, and keeps it from flapping."""
        earned = CALM * (now - self._counted) / 1e9
        self._counted = now
        self._credit = min(self._credit + earned, BURST) - count
        if self._every:
            self._summing, self._credit = False, BURST
        elif self._credit < 0:
            self._summing, self._credit = True, 0
        elif self._credit >= BURST / 2:
            self._summing = False

    def _event(self, row: Row | Event) -> Event:
        if isinstance(row, tuple):
            return from_row(row, self.start)
        return {**row, "t": row["t"] - self.start}

    def _tell(self, events: list[Event]) -> None:
        """Fold events and put them into line for the reader, or count them as lost."""
        state = self.state
        for event in events:
            if event["t"] < state["t"]:
                event["t"] = state["t"]
            apply(state, event)
        room = ROOM_WHEN_HELD if self._every else self._room
        if self._lost or len(self._out) >= room:
            self._lost += self._taken
        else:
            self._out += "".join(map(encode, events)).encode()
        self._taken = 0

    def _catch_up(self, now: int) -> None:
        """After a loss: say how much it was, and where things stand."""
        drop = {"e": "drop", "t": self.state["t"], "n": self._lost}
        apply(self.state, drop)
        self._out += (encode(drop) + encode(keyframe(self.state))).encode()
        self._room = len(self._out) + ROOM
        self._lost = 0
        self._next_key = now + SHARE * (self.clock() - now)
        self._write()

    def _write(self) -> None:
        """Write what the descriptor takes without waiting."""
        try:
            while self._out:
                del self._out[: self._send(self._out[:CHUNK])]
            self._room = ROOM
        except BlockingIOError:
            return
        except OSError:  # the reader has gone; the server goes on without it
            self.detach()


def _time(event: Event) -> int:
    t: int = event["t"]
    return t


def _nowhere(_: bytearray) -> int:
    raise BlockingIOError


def _no_release() -> None:
    pass


def _sender(fd: int) -> tuple[Callable[[bytearray], int], Callable[[], object]]:
    """Return how to write to a descriptor without waiting, and how to let go of it."""
    os.set_inheritable(fd, False)  # a program started by the server must not keep it open
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        os.set_blocking(fd, False)
        return partial(os.write, fd), _no_release
    # One call at a time is told not to wait: O_NONBLOCK would change the descriptor for everyone
    # who shares it, and commands come in on the same socket. No SIGPIPE either (send(2)).
    flags = _socket.MSG_DONTWAIT | getattr(_socket, "MSG_NOSIGNAL", 0)
    sock = _socket.socket(fileno=fd)
    return (lambda data: sock.send(data, flags)), sock.detach


def _after_fork() -> None:
    for channel in list(_OPEN):
        channel.forked()


os.register_at_fork(after_in_child=_after_fork)
