"""Moments in whole nanoseconds, a list of timers for each of them, a heap of the moments."""

import heapq
import time


class Timers:
    def __init__(self):
        self.buckets, self.moments = {}, []

    def place(self, handle):
        if handle.at not in self.buckets:
            self.buckets[handle.at] = []
            heapq.heappush(self.moments, handle.at)
        self.buckets[handle.at].append(handle)
        return handle

    def call_later(self, seconds, function, *args):
        return self.place(Handle(time.monotonic_ns() + round(seconds * 1e9), 0, function, args))

    def call_every(self, seconds, function, *args):
        step = round(seconds * 1e9)
        return self.place(Handle(time.monotonic_ns() + step, step, function, args))

    def seconds_left(self):
        while self.moments and not any(one.args is not None for one in self.first()):
            del self.buckets[heapq.heappop(self.moments)]
        if not self.moments:
            return None
        return max(0, self.moments[0] - time.monotonic_ns()) / 1e9

    def first(self):
        return self.buckets[self.moments[0]]

    def run_due(self):
        now, batch = time.monotonic_ns(), []
        while self.moments and self.moments[0] <= now:
            batch += self.buckets.pop(heapq.heappop(self.moments))
        for handle in batch:
            if handle.args is not None:
                args = handle.args
                if handle.step:
                    handle.at += handle.step
                    self.place(handle)
                handle.function(*args)


class Handle:
    def __init__(self, at, step, function, args):
        self.at, self.step, self.function, self.args = at, step, function, args

    def cancel(self):
        self.args = None
