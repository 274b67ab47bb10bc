"""Timers: order, moments, and what is not called any more."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactorkit.reactor import timers
from reactorkit.reactor.timers import Timer, TimerQueue


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(timers.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def queue():
    return TimerQueue()


def run(queue):
    return [timer.args[0] for timer in queue.due()]


def add(queue, moment, name, period=None):
    return queue.add(Timer(moment, print, (name,), period))


def test_a_wait_is_never_longer_than_every_selector_takes(queue, reactor):
    add(queue, time.monotonic() + 400 * 86_400, "next year")
    assert queue.seconds_left() == timers.LONGEST_WAIT
    reactor.call_later(400 * 86_400, print)
    reactor.call_from_thread(print, "so that it wakes")
    reactor.handle_events()  # without a time-out of its own: it takes the timers'


def test_they_come_in_the_order_of_their_moments_equal_ones_in_the_order_they_came_in(queue, clock):
    for moment, name in [(1003, "c"), (1001, "a"), (1002, "b1"), (1002, "b2"), (1002, "b3")]:
        add(queue, moment, name)
    clock.now = 1010.0
    assert run(queue) == ["a", "b1", "b2", "b3", "c"]
    assert len(queue) == 0


@given(st.lists(st.integers(0, 20)))
def test_any_order_in_is_the_right_order_out(moments):
    queue = TimerQueue()
    past = time.monotonic() - 100
    for place, moment in enumerate(moments):
        add(queue, past + moment, (moment, place))
    assert run(queue) == sorted((moment, place) for place, moment in enumerate(moments))


def test_what_is_not_due_stays(queue, clock):
    add(queue, 1001, "now")
    add(queue, 1005, "later")
    clock.now = 1001.0
    assert run(queue) == ["now"]
    assert queue.seconds_left() == 4.0


def test_nothing_to_come_is_none_and_what_is_overdue_is_zero(queue, clock):
    assert queue.seconds_left() is None
    add(queue, 999, "overdue")
    assert queue.seconds_left() == 0.0


def test_a_cancelled_one_does_not_come_and_nobody_wakes_for_it(queue, clock):
    timer = add(queue, 1001, "cancelled")
    add(queue, 1007, "later")
    timer.cancel()
    assert queue.seconds_left() == 7.0
    clock.now = 1010.0
    assert run(queue) == ["later"]


def test_one_can_cancel_another_of_the_same_moment(queue, clock):
    victim = Timer(1001, print, ("victim",))
    queue.add(Timer(1001, victim.cancel, ("killer",)))
    queue.add(victim)
    clock.now = 1002.0
    called = []
    for timer in queue.due():
        called.append(timer.args[0])
        timer.function()
    assert called == ["killer"]


def test_one_that_starts_another_without_delay_does_not_keep_the_round_going(queue, clock):
    rounds = []
    add(queue, 1000, 0)
    for timer in queue.due():
        rounds.append(timer.args[0])
        add(queue, 1000, timer.args[0] + 1)
        assert len(rounds) < 10
    assert rounds == [0]
    assert run(queue) == [1]


def test_a_periodic_one_keeps_its_beat_however_late_it_is_called(queue, clock):
    add(queue, 1001, "tick", period=1.0)
    moments = []
    for late in (0.0, 0.3, 0.1, 0.9, 0.0):
        clock.now = 1000.0 + len(moments) + 1 + late
        assert run(queue) == ["tick"]
        moments.append(clock.now + queue.seconds_left())
    assert moments == [1002.0, 1003.0, 1004.0, 1005.0, 1006.0]


def test_missed_periods_are_left_out(queue, clock):
    add(queue, 1001, "tick", period=1.0)
    clock.now = 1005.5
    assert run(queue) == ["tick"]
    assert queue.seconds_left() == 0.5


def test_a_periodic_one_can_end_itself(reactor, turn_until):
    calls = []

    def tick():
        calls.append(1)
        if len(calls) == 3:
            timer.cancel()
            reactor.call_later(0.02, calls.append, "end")

    timer = reactor.call_every(0.001, tick)
    turn_until(lambda: "end" in calls)
    assert calls == [1, 1, 1, "end"]


def test_a_period_takes_time(reactor):
    with pytest.raises(ValueError, match="longer than 0"):
        reactor.call_every(0, print)


def test_a_timer_wakes_a_reactor_that_sleeps_and_never_too_early(reactor):
    began, called = time.monotonic(), []
    reactor.call_later(0.03, lambda: called.append(time.monotonic()))
    while not called:
        reactor.handle_events()
    assert called[0] - began >= 0.03


def test_a_bug_in_a_timer_is_nobody_else_s_trouble(reactor, turn_until, caplog):
    called = []
    reactor.call_later(0, lambda: 1 / 0)
    reactor.call_later(0, called.append, 1)
    turn_until(lambda: called)
    assert "ZeroDivisionError" in caplog.text


def test_ten_thousand_of_them(reactor, turn_until):
    called = []
    kept = [reactor.call_later(n % 7 / 1000, called.append, n) for n in range(10_000)]
    for timer in kept[::2]:
        timer.cancel()
    turn_until(lambda: len(called) == 5000)
    assert set(called) == set(range(1, 10_000, 2))
