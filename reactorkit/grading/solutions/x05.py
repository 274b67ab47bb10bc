"""A reactor that others can build on: what stands in the table is looked at before each call."""

import selectors
import traceback
from collections import deque


class Reactor:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.soon = deque()  # what is to be called at the end of the turn
        self.running = False

    def register(self, handle, events, callback):
        self.selector.register(handle, events, Registration(handle, callback))

    def modify(self, handle, events, callback):
        self.selector.get_key(handle).data.stands = False
        self.selector.modify(handle, events, Registration(handle, callback))

    def unregister(self, handle):
        # From now on its registration is void, wherever it may still be listed.
        self.selector.unregister(handle).data.stands = False

    def call_soon(self, function, *args):
        self.soon.append((function, args))

    def stop(self):
        self.running = False

    def run(self):
        self.running = True
        while self.running:
            self.turn()

    def turn(self):
        # wait: for all handles at once, and not at all when there is something to do.
        for key, ready in self.selector.select(0 if self.soon else None):
            if key.data.stands:
                report(key.data.callback, key.data.handle, ready)
        # What is added meanwhile belongs to the next turn: handles have to get theirs, too.
        for _ in range(len(self.soon)):
            function, args = self.soon.popleft()
            report(function, *args)


class Registration:
    def __init__(self, handle, callback):
        self.handle, self.callback = handle, callback
        self.stands = True


def report(function, *args):
    # The caller has other calls to make: an exception goes to standard error, and that is all.
    try:
        function(*args)
    except Exception:  # noqa: BLE001 - whatever it raises, it is not our fault
        traceback.print_exc()
