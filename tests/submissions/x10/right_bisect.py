"""A sorted list, from the latest to the earliest; it skips periods that it has missed. Talks."""

from bisect import insort
from time import monotonic


class Entry:
    def __init__(self, at, serial, step, call):
        self.key, self.step, self.call, self.on = (-at, -serial), step, call, True

    def cancel(self):
        self.on = False
        print("cancelled", self.key)


class Timers:
    def __init__(self):
        self.line, self.serial, self.running = [], 0, []

    def _put(self, at, step, call):
        self.serial += 1
        entry = Entry(at, self.serial, step, call)
        insort(self.line, entry, key=lambda one: one.key)
        return entry

    def call_later(self, seconds, function, *args):
        return self._put(monotonic() + max(0, seconds), None, lambda: function(*args))

    def call_every(self, seconds, function, *args):
        return self._put(monotonic() + seconds, seconds, lambda: function(*args))

    def seconds_left(self):
        while self.line and not self.line[-1].on:
            self.line.pop()
        return max(0, -self.line[-1].key[0] - monotonic()) if self.line else None

    def run_due(self):
        now, last = monotonic(), self.serial
        due = []
        while self.line and -self.line[-1].key[0] <= now:
            due.append(self.line.pop())
        for entry in due:
            if not entry.on:
                continue
            if entry.step is not None:
                at = -entry.key[0]
                at += entry.step * (1 + (now - at) // entry.step)
                self.serial += 1
                entry.key = (-at, -self.serial)
                insort(self.line, entry, key=lambda one: one.key)
            print("due", entry.key, "of", last)
            entry.call()
