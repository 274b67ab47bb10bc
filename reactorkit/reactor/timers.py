"""Timers: what is due next is the longest that a wait for handles may last.

A reactor has no clock that ticks. It asks the queue for the seconds until the next call is due,
gives them to the selector as its time-out, and afterwards runs what is due.
"""

import heapq
import itertools
import time

# Seconds. epoll counts milliseconds in a C int, 24 days at most; so we ask again before.
LONGEST_WAIT = 86_400.0


class Timer:
    """One call that is to come, or that comes again and again.

    Arguments:
        when: the moment, in seconds of time.monotonic(): the wall clock can be set back.
        function, args: what is called.
        period: seconds from one call to the next, or None for one call.
    """

    __slots__ = ("args", "cancelled", "function", "period", "when")

    def __init__(self, when, function, args, period=None):
        self.when = when
        self.function = function
        self.args = args
        self.period = period
        self.cancelled = False

    def cancel(self):
        """Have it not happen. Also inside its own call, and after it, when it changes nothing."""
        self.cancelled = True


class TimerQueue:
    """Timers, the next one first; those due at the same moment in the order they came in.

    A cancelled timer stays where it is until its moment comes: to find it in a heap would cost
    more than to skip it. Simplification: whoever cancels far timers again and again, as a time-out
    that is renewed with each message would, fills the heap; let such a timer ask, when it is due,
    whether it is still meant.
    """

    def __init__(self):
        self._heap = []
        self._numbers = itertools.count()

    def __len__(self):
        return len(self._heap)

    def add(self, timer):
        """Put a timer in its place, in O(log n); return it."""
        # The number decides between equal moments, so that timers are never compared.
        heapq.heappush(self._heap, (timer.when, next(self._numbers), timer))
        return timer

    def seconds_left(self):
        """Return the seconds until the next timer is due, 0 if it is, or None without timers.

        Never more than LONGEST_WAIT: then nothing is due yet, and the wait begins anew.
        """
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        if not self._heap:
            return None
        return min(LONGEST_WAIT, max(0.0, self._heap[0][0] - time.monotonic()))

    def due(self):
        """Yield the timers that are due now, each removed; a periodic one is put back first.

        "Now" is when the first is asked for: a timer that another one starts with no delay has
        its turn in the next round, so timers alone cannot keep the handles waiting.
        """
        now = time.monotonic()
        waiting = []
        while self._heap and self._heap[0][0] <= now:
            waiting.append(heapq.heappop(self._heap)[2])
        for timer in waiting:
            if timer.cancelled:  # perhaps by one of those before it
                continue
            if timer.period is not None:
                # From the moment it was due, not from now: so lateness does not add up. Periods
                # that were missed altogether are left out.
                missed = max(0.0, now - timer.when) // timer.period
                timer.when += (missed + 1) * timer.period
                self.add(timer)
            yield timer
