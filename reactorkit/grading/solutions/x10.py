"""Timers for a loop that has none: a heap of moments, and what was cancelled is skipped."""

import heapq
import itertools
import time


class Timers:
    def __init__(self):
        self.heap = []
        self.serials = itertools.count()  # of equal moments, the one that was set first comes first

    def call_later(self, seconds, function, *args):
        return self.put(Timer(time.monotonic() + seconds, None, function, args))

    def call_every(self, seconds, function, *args):
        return self.put(Timer(time.monotonic() + seconds, seconds, function, args))

    def put(self, timer):
        timer.serial = next(self.serials)
        heapq.heappush(self.heap, timer)
        return timer

    def seconds_left(self):
        # What was cancelled must not wake the loop. (A dead one below the top stays where it is
        # until its turn comes: many long ones that are set and cancelled keep their memory.)
        while self.heap and not self.heap[0].alive:
            heapq.heappop(self.heap)
        if not self.heap:
            return None
        return max(self.heap[0].moment - time.monotonic(), 0)

    def run_due(self):
        # Whatever is set from now on has a later serial, and belongs to the next call.
        now, newest = time.monotonic(), next(self.serials)
        early = []
        while self.heap and self.heap[0].moment <= now:
            timer = heapq.heappop(self.heap)
            if timer.serial > newest:
                early.append(timer)
            elif timer.alive:
                self.run(timer)
        for timer in early:
            heapq.heappush(self.heap, timer)

    def run(self, timer):
        if timer.every is None:
            timer.alive = False
        else:
            # The next moment follows from the last one, not from now: lateness does not add up.
            timer.moment += timer.every
            self.put(timer)
        timer.function(*timer.args)


class Timer:
    def __init__(self, moment, every, function, args):
        self.moment, self.every = moment, every
        self.function, self.args = function, args
        self.serial, self.alive = 0, True

    def __lt__(self, other):
        return (self.moment, self.serial) < (other.moment, other.serial)

    def cancel(self):
        self.alive = False
