"""select.select; each turn keeps the entries that were taken out while it lasts."""

import logging
import select


class Reactor:
    def __init__(self):
        self.entries = []
        self.removed = []
        self.queue = []
        self.on = True

    def find(self, handle):
        return next(entry for entry in self.entries if entry[0] is handle)

    def register(self, handle, events, callback):
        self.entries.append((handle, events, callback))

    def modify(self, handle, events, callback):
        self.unregister(handle)
        self.register(handle, events, callback)

    def unregister(self, handle):
        entry = self.find(handle)
        self.entries.remove(entry)
        self.removed.append(entry)

    def call_soon(self, function, *args):
        self.queue.append((function, args))

    def stop(self):
        self.on = False

    def run(self):
        self.on = True
        while self.on:
            self.removed = []
            reading = [handle for handle, events, _ in self.entries if events & 1]
            writing = [handle for handle, events, _ in self.entries if events & 2]
            timeout = 0 if self.queue else None
            readable, writable, _ = select.select(reading, writing, [], timeout)
            for entry in list(self.entries):
                ready = (entry[0] in readable) + 2 * (entry[0] in writable)
                if ready and not any(entry is one for one in self.removed):
                    try:
                        entry[2](entry[0], ready)
                    except Exception:
                        logging.exception("a callback")
            now, self.queue = self.queue, []
            for function, args in now:
                function(*args)
