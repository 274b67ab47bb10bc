"""The gate: where a watched server stands still, and where it may take one step.

Every replaced call passes here before and after its work. Before alone would let a thread that is
already inside `recv` go on while the server is paused.

The places where a thread may be held:

    TURN     a loop is about to wait for its handles again, or a busy loop begins another pass
    WOKE     the kernel has answered: these are ready, and no handler has run yet
    HANDLER  the next handler is about to run
    BEFORE   a call on a socket is about to begin
    AFTER    a call on a socket has returned

A step of a *turn* goes from one TURN to the next; of a *handler*, to the next HANDLER at most.
Threads that do not loop take one call as a step, to its AFTER; a busy loop takes one call as its
handler. A step that finds nothing to do is answered with "kernel" at once, and stays granted.

While the gate is shut the server's clock stands still, but for a thread that takes a step: a loop
that waits for a moment of the clock could otherwise never end. In the kernel it stands again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from reactorkit.probe.clock import Clock
from reactorkit.probe.lanes import Lane
from reactorkit.probe.until import Condition

TURN, WOKE, HANDLER, BEFORE, AFTER = "turn", "woke", "handler", "before", "after"
_SHOWN = {TURN: "turn", WOKE: "handler", HANDLER: "handler", BEFORE: "call", AFTER: "call"}
_NOWHERE = (None, None, None)


class Gate:
    """Open: everybody passes. Shut: nobody does, but for the step that was granted.

    Arguments:
        tell: tell(kind, fields) reports an event, and sees to it that it is read at once.
        every: every(on) asks for each event, one by one, from here on.
        everyone: the lanes of all threads.

    `alert` is read without a lock on every call: shut, or waiting for a condition.
    """

    def __init__(
        self,
        tell: Callable[..., None],
        every: Callable[[bool], None],
        everyone: dict[int, Lane],
    ) -> None:
        self.shut = False
        self.alert = False
        self.clock = Clock()
        self.pauses = 0  # how often it has been shut
        self.until: Condition | None = None
        self._tell, self._every, self._everyone = tell, every, everyone
        self._moved = threading.Condition(threading.Lock())
        self._granted = ""
        self._passing: Lane | None = None
        self._standing: list[Lane] = []
        self._number: int | None = None
        self._answered = False
        self._why: str | None = None

    # ------------------------------------- what is asked for (the control thread)

    def pause(self, number: int | None = None) -> None:
        """Shut the gate: each thread stops at its next place."""
        with self._moved:
            self._shut(number)
            self._granted, self._passing = "", None
            self.clock.stop()
            self._tell("ctl", what="pause", n=number)
            self._if_all_sleep()

    def step(self, of: str, number: int | None = None) -> None:
        """Let one thread go on to the end of its turn or of its handler."""
        with self._moved:
            self._shut(number)
            if self._passing is not None and self._passing.asleep:
                self._passing = None  # it sleeps: the step before is over, others may go
            self._granted = of
            self._tell("ctl", what="step", n=number)
            if self._standing:
                self._moved.notify_all()
            else:
                self._if_all_sleep()

    def run(self, number: int | None = None) -> None:
        """Open the gate."""
        with self._moved:
            self.until = None
            self._open(number)
            self._tell("ctl", what="run", n=number)
        self._every(False)

    def run_until(self, condition: Condition, number: int | None = None) -> None:
        """Open the gate, and shut it again when the condition holds."""
        with self._moved:
            self.until = condition
            self._open(number)
            self._every(True)
            self._tell("ctl", what="until", n=number, until=condition.asked)

    def forked(self) -> None:
        """Be open for ever: this is a forked child, which nobody watches."""
        self._moved = threading.Condition(threading.Lock())
        self._standing, self._granted, self._passing = [], "", None
        self.shut = self.alert = False
        self.until = None
        self.clock.go()

    def _shut(self, number: int | None) -> None:
        self._number, self._why, self.until = number, None, None
        self._answered = False
        if not self.shut:
            self.clock.stop()
            self.pauses += 1
            self.shut = self.alert = True
        self._every(True)

    def _open(self, number: int | None) -> None:
        self.shut, self.alert = False, self.until is not None
        self._granted, self._passing, self._number, self._why = "", None, number, None
        self.clock.go()
        self._moved.notify_all()

    def _if_all_sleep(self) -> None:
        """Answer that the server is in the kernel, if no thread is anywhere else."""
        lanes = [lane for lane in list(self._everyone.values()) if lane.used]
        if lanes and not self._standing and all(lane.asleep for lane in lanes):
            self._answer(at="kernel")

    def _answer(self, **fields: Any) -> None:
        """Tell where the server stands, as the answer to the last command."""
        self._answered = True
        self._tell("held", n=self._number, **fields)

    # ------------------------------------------------- what the server's threads do

    def hold(self, me: Lane, place: str, what: tuple[Any, ...] = _NOWHERE) -> None:
        """Stand here while the gate is shut. `what`: fd, gen and name of what comes next."""
        if place == HANDLER and me.fresh:
            me.fresh = False
            return
        with self._moved:
            arrived = True
            try:
                while self.shut and not self._may_go(me, place, arrived):
                    if arrived:
                        arrived = False
                        self._stand(me, place, what)
                    self._moved.wait()
            finally:
                if me in self._standing:
                    self._standing.remove(me)

    def _may_go(self, me: Lane, place: str, arrived: bool) -> bool:
        """Whether this thread may pass; it takes a step that waits for somebody."""
        if self._passing is me:
            if not arrived or not self._ends(me, place):
                return True
            self._finish()
            return False
        if not self._granted or self._passing is not None:
            return False
        if self._standing and self._standing[0] is not me:
            return False
        if arrived and place == AFTER and self._ends(me, place):
            self._finish()  # it slept in the kernel when the step was granted: this was the step
            return False
        self._passing = me
        self.clock.go()
        return True

    def _ends(self, me: Lane, place: str) -> bool:
        """Whether the step that this thread takes ends at this place."""
        if me.loops:
            return place == TURN or (place == HANDLER and self._granted == HANDLER)
        if me.busy:
            return place == (TURN if self._granted == TURN else AFTER)
        return place == AFTER

    def _finish(self) -> None:
        self._granted, self._passing = "", None
        self.clock.stop()

    def _stand(self, me: Lane, place: str, what: tuple[Any, ...]) -> None:
        self._standing.append(me)
        me.fresh = place == WOKE
        fd, gen, name = what
        self._answer(at=_SHOWN[place], fd=fd, gen=gen, cb=name or None, th=me.th, why=self._why)
        self._why = None

    def sleeps(self, me: Lane) -> None:
        """Say that this thread goes to sleep in the kernel, although the gate is shut."""
        with self._moved:
            if not self.shut:
                return
            if self._passing is me:  # its step has found nothing to do
                self.clock.stop()
                self._answer(at="kernel", th=me.th)
            elif not self._answered:  # it was on its way when the gate was shut
                self._if_all_sleep()

    def wakes(self, me: Lane) -> None:
        """Let time go on for the thread that takes a step, after it has slept."""
        with self._moved:
            if self.shut and self._passing is me:
                self.clock.go()

    def left(self, me: Lane) -> None:
        """Pass a step on: the thread that was taking it has ended."""
        with self._moved:
            if self._passing is not me:
                return
            self._passing = None
            self.clock.stop()
            self._moved.notify_all()
            self._if_all_sleep()

    def met(self, why: str) -> None:
        """Shut the gate, because the condition was met; `why` says it in words."""
        with self._moved:
            if self.until is None:
                return
            number = self._number
            self._shut(number)
            self._why = why
