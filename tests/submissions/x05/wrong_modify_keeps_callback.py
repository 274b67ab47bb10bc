"""modify() changes the events, and the callback stays."""

import selectors
import traceback


class Reactor:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.soon = []
        self.stopped = False

    def register(self, handle, events, callback):
        self.selector.register(handle, events, callback)

    def modify(self, handle, events, callback):
        self.selector.modify(handle, events, self.selector.get_key(handle).data)

    def unregister(self, handle):
        self.selector.unregister(handle)

    def call_soon(self, function, *args):
        self.soon.append((function, args))

    def stop(self):
        self.stopped = True

    def run(self):
        self.stopped = False
        while not self.stopped:
            for key, ready in self.selector.select(0 if self.soon else None):
                if self.selector.get_map().get(key.fd) is key:
                    try:
                        key.data(key.fileobj, ready)
                    except Exception:
                        traceback.print_exc()
            soon, self.soon = self.soon, []
            for function, args in soon:
                function(*args)
