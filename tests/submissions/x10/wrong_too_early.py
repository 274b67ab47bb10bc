"""run_due calls the next one, whether it is due or not."""

import heapq
import itertools
import time


class Timer:
    def __init__(self, timers, moment, every, function, args):
        self.timers, self.moment, self.every = timers, moment, every
        self.function, self.args = function, args
        self.dead = False

    def cancel(self):
        self.dead = True


class Timers:
    def __init__(self):
        self.heap = []
        self.count = itertools.count()

    def call_later(self, seconds, function, *args):
        return self.add(Timer(self, time.monotonic() + seconds, None, function, args))

    def call_every(self, seconds, function, *args):
        return self.add(Timer(self, time.monotonic() + seconds, seconds, function, args))

    def add(self, timer):
        heapq.heappush(self.heap, (timer.moment, next(self.count), timer))
        return timer

    def seconds_left(self):
        while self.heap and self.heap[0][2].dead:
            heapq.heappop(self.heap)
        if not self.heap:
            return None
        return max(0.0, self.heap[0][0] - time.monotonic())

    def run_due(self):
        due = []
        if self.heap:
            due.append(heapq.heappop(self.heap)[2])
        for timer in due:
            if timer.dead:
                continue
            if timer.every is not None:
                timer.moment += timer.every
                self.add(timer)
            timer.function(*timer.args)
