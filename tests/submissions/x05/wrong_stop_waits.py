"""stop() is noticed after the next event."""

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
        self.selector.modify(handle, events, callback)

    def unregister(self, handle):
        self.selector.unregister(handle)

    def call_soon(self, function, *args):
        self.soon.append((function, args))

    def stop(self):
        self.stopped = True

    def run(self):
        self.stopped = False
        while True:
            events = self.selector.select(0 if self.soon else None)
            if self.stopped:
                return
            for key, ready in events:
                if self.selector.get_map().get(key.fd) is key:
                    try:
                        key.data(key.fileobj, ready)
                    except Exception:
                        traceback.print_exc()
            soon, self.soon = self.soon, []
            for function, args in soon:
                function(*args)
