"""x10: timers. We are the loop: we ask how long to wait, wait, and have run what is due.

Moments are compared on the monotonic clock, which all processes share. What happened over there
between two looks at the clock here is known to lie between them, however slow the machine is.
"""

from __future__ import annotations

import time
from typing import Any

from reactorkit.grading.expect import made
from reactorkit.grading.functions import FunctionStage, Remote
from reactorkit.grading.story import Unmet

LONG = 30.0  # seconds until a timer that no check lives to see
FEW, MANY = 500, 5000
STEEP = 40  # times the work, where the timers are ten times as many: in proportion it is ten
TINY = 0.002  # seconds: for what is lost in sums of floats, and in rounding to milliseconds


class Scene:
    """Timers over there, and the order in which they call."""

    def __init__(self, stage: FunctionStage) -> None:
        self.stage, self.story = stage, stage.story
        self.timers = made(stage, "Timers", said="Timers()")
        self.seen: list[Any] = []
        self._note = stage.callback(lambda name: self.seen.append(name))

    def later(self, seconds: float, name: str) -> Remote:
        """Set a timer that notes a name."""
        timer: Remote = self.timers.call("call_later", seconds, self._note, name)
        return timer

    def left(self) -> Any:
        """Return what seconds_left() says."""
        return self.timers.call("seconds_left")

    def run(self) -> None:
        """Have run what is due."""
        self.timers.call("run_due")

    def expects(self, what: str, expected: list[Any], cause: str) -> None:
        """Compare what was called with what should have been."""
        if self.seen != expected:
            raise Unmet(f"{what}: {_listed(expected)}", _listed(self.seen), cause)
        self.story.expectation(f"{what}: {_listed(expected)}")

    def expects_nothing_left(self, cause: str) -> None:
        """See that no timer is set."""
        left = self.left()
        if left is not None:
            raise Unmet("None from seconds_left(): nothing is set", repr(left), cause)
        self.story.expectation("nothing is set any more")


def once(stage: FunctionStage) -> None:
    """A timer is called when its time has come, with its arguments, and once."""
    scene = Scene(stage)
    told: list[tuple[Any, ...]] = []
    args = stage.rng.randrange(1000), stage.rng.random()
    function = stage.callback(lambda *more: told.append(more))
    scene.expects_nothing_left("Before anything is set there is nothing to wait for.")
    stage.story.action("call_later(0.25, function, ...), and run_due() again and again")
    before = time.monotonic()
    scene.timers.call("call_later", 0.25, function, *args)
    while not told and time.monotonic() < before + 10:
        scene.run()
        time.sleep(0.01)
    if not told:
        raise Unmet("that the function is called", "nothing, for 10 seconds")
    if time.monotonic() - before < 0.25:
        raise Unmet("a call after 0.25 seconds", "a call before that", "run_due() asks the clock.")
    scene.run()
    if told != [args]:
        raise Unmet(f"one call, with {args}", _listed(told), "What has been called is done with.")
    stage.story.expectation("it is called once, not too early, with its arguments")
    scene.expects_nothing_left("What has been called is done with.")


def order(stage: FunctionStage) -> None:
    """Several are due at once: the earliest comes first; of equal ones, the first that was set."""
    scene = Scene(stage)
    hundredths = stage.rng.sample(range(1, 40), 8)
    stage.story.action(f"timers of {_listed(hundredths)} hundredths of a second, then a pause")
    moments: dict[str, tuple[float, float]] = {}  # between which two each of them lies
    for number in hundredths:
        before = time.monotonic()
        scene.later(number / 100, str(number))
        moments[str(number)] = before + number / 100, time.monotonic() + number / 100
    time.sleep(max(0, max(high for _, high in moments.values()) - time.monotonic()) + TINY)
    scene.run()
    called = [str(name) for name in scene.seen]
    expected = sorted(moments, key=lambda name: moments[name])
    wrong = any(
        moments[later][1] < moments[name][0]
        for place, name in enumerate(called)
        for later in called[place:]
        if name in moments and later in moments
    )
    if wrong or sorted(called) != sorted(expected):
        cause = "Order them by their moments, not by when they were set."
        raise Unmet(f"called: {_listed(expected)}", _listed(called), cause)
    scene.story.expectation(f"called: {_listed(called)}")

    scene.seen.clear()
    names = [f"{letter}{stage.rng.randrange(100)}" for letter in "pqrstuvw"]
    stage.story.action("eight timers whose moment is the same, long ago")
    for name in names:
        scene.later(-1e15, name)  # so long ago that the seconds between the calls do not count
    scene.run()
    scene.expects(
        "called",
        names,
        "Where moments are equal something else has to decide: a number that counts up. (Tuples "
        "in a heap compare their next item when the first ones are equal.)",
    )


def left(stage: FunctionStage) -> None:
    """seconds_left() says how long to wait: no longer than right, and no shorter."""
    scene = Scene(stage)
    scene.later(2 * LONG, "far")
    far = _left_is(scene, 2 * LONG, "one timer is set")
    near = scene.later(LONG, "near")
    _left_is(scene, LONG, "an earlier one is set")
    scene.run()
    scene.expects("called before its time", [], "run_due() calls what is due, and nothing else.")
    near.call("cancel")
    now = scene.left()
    if not isinstance(now, float | int) or now > far or now <= LONG:
        raise Unmet(
            "the time to the far timer, when the near one has been cancelled",
            repr(now),
            "A cancelled timer must not wake the loop.",
        )
    scene.later(0, "due")
    if (due := scene.left()) != 0:
        raise Unmet("0, since something is due", repr(due), "A time-out below 0 is no time-out.")
    stage.story.expectation("0 when something is due")


def _left_is(scene: Scene, seconds: float, what: str) -> float:
    """See that so many seconds are left for a timer that was set just now; return what is told."""
    began = time.monotonic()
    scene.story.action(what)
    told = scene.left()
    passed = time.monotonic() - began + 2  # it was set a moment before we looked at the clock
    if not isinstance(told, float | int) or not seconds - passed <= told <= seconds:
        raise Unmet(
            f"a little less than {seconds:g} from seconds_left()",
            repr(told),
            "The loop sleeps for as long as nothing is due: the earliest moment, minus now.",
        )
    scene.story.expectation(f"a little less than {seconds:g} seconds are left")
    return float(told)


def cancels(stage: FunctionStage) -> None:
    """What was cancelled is not called: before its time, in the same run_due, from itself."""
    scene = Scene(stage)
    scene.later(0, "cancelled").call("cancel")
    victim: list[Remote] = []

    def first() -> None:
        scene.seen.append("first")
        victim[0].call("cancel")

    scene.timers.call("call_later", 0, stage.callback(first))
    victim.append(scene.later(0, "second"))
    scene.later(0, "third")
    stage.story.action("four timers are due: one is cancelled; the next one cancels the third")
    scene.run()
    scene.expects(
        "called",
        ["first", "third"],
        "Whether a timer still stands is asked just before it is called.",
    )
    victim[0].call("cancel")

    scene.seen.clear()
    again: list[Remote] = []

    def tick() -> None:
        scene.seen.append("tick")
        again[0].call("cancel")

    again.append(scene.timers.call("call_every", 0.01, stage.callback(tick)))
    stage.story.action("call_every(0.01, ...), whose function cancels it the first time")
    for _ in range(3):
        time.sleep(0.02)
        scene.run()
    scene.expects("called", ["tick"], "It may be cancelled while it is being called.")
    again[0].call("cancel")
    scene.expects_nothing_left("What was cancelled is no longer set.")


def next_time(stage: FunctionStage) -> None:
    """What is set during run_due is called in the next one at the earliest."""
    scene = Scene(stage)

    def first() -> None:
        scene.seen.append("first")
        if len(scene.seen) < 50:
            scene.timers.call("call_later", 0, function)

    function = stage.callback(first)
    scene.timers.call("call_later", 0, function)
    scene.later(0, "second")
    stage.story.action("a timer that is due sets itself again with 0 seconds, and another is due")
    scene.run()
    cause = "Who sets itself again with 0 seconds would hold the loop for ever."
    scene.expects("called", ["first", "second"], cause)
    scene.run()
    scene.expects("after another run_due()", ["first", "second", "first"], cause)


def drift(stage: FunctionStage) -> None:
    """Every call comes late, and the moments stay where they were."""
    scene = Scene(stage)
    period = 0.15
    before = time.monotonic()
    scene.timers.call("call_every", period, stage.callback(lambda: scene.seen.append("tick")))
    after = time.monotonic()
    stage.story.action(f"call_every({period}, ...); each time the loop comes late to it")
    for _ in range(8):
        time.sleep((scene.left() or 0) + 0.4 * period)
        scene.run()
        looked = time.monotonic()
        told = scene.left()
        if told is None:
            raise Unmet("that it stays set", "None from seconds_left()", "It is called for ever.")
        # The next moment, counted from the start, lies between these two.
        low, high = looked + told - after - TINY, time.monotonic() + told - before + TINY
        if told > 0 and high // period == low // period:
            raise Unmet(
                f"a next moment that is a multiple of {period} after the start",
                f"{low / period:.1f} times {period}",
                "now + seconds adds up every lateness; the last moment + seconds does not.",
            )
    if not scene.seen:
        raise Unmet("that it is called", "no call")
    stage.story.expectation("the moments are multiples of the period")


def wall(stage: FunctionStage) -> None:
    """Somebody sets the clock, back and forth, and the timers do not care."""
    scene = Scene(stage)
    scene.later(0.05, "soon")
    scene.later(LONG, "late")
    cause = "time.time() is the clock on the wall. time.monotonic() is never set."
    stage.story.action("timers of 0.05 and of 30 seconds; the clock is set back by an hour")
    stage.call("_shift_wall_clock", -3600)
    time.sleep(0.1)
    scene.run()
    scene.expects("called", ["soon"], cause)
    stage.story.action("the clock is set forward by two hours")
    stage.call("_shift_wall_clock", 7200)
    scene.run()
    scene.expects("called", ["soon"], cause)


def many(stage: FunctionStage) -> None:
    """Ten times as many timers are some ten times the work, not a hundred times."""
    stage.story.action(f"{FEW:,} timers are set, and half of them cancelled; then {MANY:,}")
    few = min(_work(stage, FEW) for _ in range(3))
    lots = _work(stage, MANY)
    if lots > STEEP * few:
        raise Unmet(
            f"at most {STEEP} times the work",
            f"{lots / few:.0f} times the work",
            "Something goes through all timers for each one that is set or cancelled, or for each "
            "look at the nearest one.",
        )
    stage.story.expectation("the work grows with their number, or a little faster")


def _work(stage: FunctionStage, n: int) -> float:
    """Return the processor time for setting n timers and cancelling half of them."""
    seconds = [stage.rng.uniform(10_000, 20_000) for _ in range(n)]
    return float(
        stage.call("_set_and_cancel", made(stage, "Timers", said="Timers()"), seconds, within=20.0)
    )


def _listed(values: list[Any]) -> str:
    return ", ".join(map(str, values)) or "nothing"
