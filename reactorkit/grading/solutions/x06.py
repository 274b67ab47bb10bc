"""One thread, one selector, and a connection that says itself what it waits for."""

import functools
import selectors
from selectors import EVENT_READ, EVENT_WRITE

MOST_OWED = 65536  # bytes: a client that is owed more is not read from


def serve(listener):
    listener.setblocking(False)
    with selectors.DefaultSelector() as selector:
        # register: with each socket, what to call when it is ready.
        selector.register(listener, EVENT_READ, functools.partial(accept, selector, listener))
        while True:
            # wait: for all of them at once.
            for key, events in selector.select():
                key.data(events)


def accept(selector, listener, _events):
    # accept: a client may be gone again before we come to it.
    try:
        client, _ = listener.accept()
    except OSError:
        return
    client.setblocking(False)
    connection = Connection(selector, client)
    selector.register(client, EVENT_READ, connection.handle)


class Connection:
    def __init__(self, selector, client):
        self.selector = selector
        self.client = client
        self.owed = bytearray()
        self.ended = False  # the client sends no more

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
        except BlockingIOError:  # not ready after all, or no more room
            pass
        except OSError:  # reset: nobody is there who could be owed anything
            self.close()
            return
        # close: when the client sends no more, and has got everything.
        if self.ended and not self.owed:
            self.close()
        else:
            self.selector.modify(self.client, self.interest, self.handle)

    def read(self):
        # read, buffer: b"" is the end of the client's stream, and not of ours.
        data = self.client.recv(65536)
        self.ended = not data
        self.owed += data

    def write(self):
        # write: what the kernel does not take stays owed.
        if self.owed:
            del self.owed[: self.client.send(self.owed)]

    def close(self):
        self.selector.unregister(self.client)
        self.client.close()
