"""accept() may say that no descriptor is left, and nobody expects that."""

import functools
import selectors
from selectors import EVENT_READ, EVENT_WRITE

MOST_OWED = 65536


def serve(listener):
    listener.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, EVENT_READ, functools.partial(accept, selector, listener))
        while True:
            for key, events in selector.select():
                key.data(events)


def accept(selector, listener, _events):
    try:
        client, _ = listener.accept()
    except (BlockingIOError, ConnectionAbortedError):
        return
    client.setblocking(False)
    connection = Connection(selector, client)
    selector.register(client, EVENT_READ, connection.handle)


class Connection:
    def __init__(self, selector, client):
        self.selector = selector
        self.client = client
        self.owed = bytearray()
        self.ended = False

    @property
    def interest(self):
        if not self.owed:
            return EVENT_READ
        if self.ended or len(self.owed) > MOST_OWED:
            return EVENT_WRITE
        return EVENT_READ | EVENT_WRITE

    def handle(self, events):
        try:
            if events & EVENT_READ:
                self.read()
            self.write()
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if self.ended and not self.owed:
            self.close()
        else:
            self.selector.modify(self.client, self.interest, self.handle)

    def read(self):
        data = self.client.recv(65536)
        self.ended = not data
        self.owed += data

    def write(self):
        if self.owed:
            del self.owed[: self.client.send(self.owed)]

    def close(self):
        self.selector.unregister(self.client)
        self.client.close()
