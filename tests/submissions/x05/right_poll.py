"""select.poll, own table, a serial number for each registration; it prints a lot."""

import itertools
import select
import sys
import traceback

EVENTS = ((select.POLLIN, 1), (select.POLLOUT, 2))


class Reactor:
    def __init__(self):
        self.poll = select.poll()
        self.table = {}  # number -> serial, handle, events, callback
        self.serials = itertools.count()
        self.later, self.going = [], False

    def register(self, handle, events, callback):
        if handle.fileno() in self.table:
            raise KeyError(handle)
        self.modify(handle, events, callback)

    def modify(self, handle, events, callback):
        mask = sum(flag for flag, event in EVENTS if events & event)
        self.poll.register(handle, mask)
        self.table[handle.fileno()] = (next(self.serials), handle, events, callback)
        print("watching", handle.fileno(), "for", events)

    def unregister(self, handle):
        number = next(n for n, (_, one, _, _) in self.table.items() if one is handle)
        del self.table[number]
        self.poll.unregister(number)
        print("no longer watching", number)

    def call_soon(self, function, *args):
        self.later.append(lambda: function(*args))

    def stop(self):
        self.going = False

    def run(self):
        self.going = True
        while self.going:
            ready = self.poll.poll(0 if self.later else None)
            batch = [(number, mask, self.table[number][0]) for number, mask in ready]
            for number, mask, serial in batch:
                if number in self.table and self.table[number][0] == serial:
                    self.one(number, mask)
            while self.later:
                self.later.pop(0)()

    def one(self, number, mask):
        _, handle, events, callback = self.table[number]
        found = sum(event for flag, event in EVENTS if mask & flag)
        found |= events if mask & (select.POLLHUP | select.POLLERR) else 0
        try:
            callback(handle, found & events)
        except Exception:
            sys.stderr.write(traceback.format_exc())
