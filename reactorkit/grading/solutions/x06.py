"""One thread, one selector, and a connection that says itself what it waits for."""

import errno
import selectors
from selectors import EVENT_READ, EVENT_WRITE

MOST_OWED = 65536  # bytes: a client that is owed more is not read from


def serve(listener):
    listener.setblocking(False)
    with selectors.DefaultSelector() as selector:
        # register: with each socket, what to call when it is ready.
        Door(selector, listener).open()
        while True:
            # wait: for all of them at once.
            for key, events in selector.select():
                key.data(events)


class Door:
    """The listener, watched for as long as there are descriptors for those who come."""

    def __init__(self, selector, listener):
        self.selector = selector
        self.listener = listener

    def open(self):
        if self.listener not in self.selector.get_map():
            self.selector.register(self.listener, EVENT_READ, self.accept)

    def accept(self, _events):
        # accept: a client may be gone again before we come to it.
        try:
            client, _ = self.listener.accept()
        except OSError as error:
            # No descriptor is left, and the listener stays readable: shut until somebody leaves.
            # Simplification: if it is others who have them all, nobody of ours may ever leave.
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self.selector.unregister(self.listener)
            return
        client.setblocking(False)
        connection = Connection(self.selector, client, self)
        self.selector.register(client, EVENT_READ, connection.handle)


class Connection:
    def __init__(self, selector, client, door):
        self.selector = selector
        self.client = client
        self.door = door
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
        self.door.open()  # there is a descriptor again
