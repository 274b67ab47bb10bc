"""A telephone exchange on the same reactor: two clients are put through to each other.

The first caller waits for a second one. What one of the two says, the other hears; when one hangs
up, both connections are closed. Nothing in Reactor, EventHandler and Acceptor knows of it.

Stops working when one hangs up and the other has an event in the same turn, a word or a hanging up
of its own: the handler of the first closes the handle of the second, whose event stands later in
the list. And what is said to one who does not read is kept without a limit.
"""

import selectors

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
NEWCOMERS = 1  # how many are let in each time that the listener is ready


class Reactor:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.handlers = set()

    def register_handler(self, handler):
        # register: a handle, what to wait for, and as data the handler.
        self.handlers.add(handler)
        self.selector.register(handler.handle, handler.interest, handler)

    def remove_handler(self, handler):
        self.handlers.remove(handler)
        self.selector.unregister(handler.handle)

    def refresh(self, handler):
        # A handler that has just run may want to wait for something else, or may be gone.
        if handler in self.handlers:
            self.selector.modify(handler.handle, handler.interest, handler)

    def handle_events(self):
        # wait: for all handles at once. Then call the handler of each that is ready.
        for key, ready in self.selector.select():
            handler = key.data
            if ready & READ:
                handler.handle_readable()
            else:
                handler.handle_writable()
            self.refresh(handler)

    def run(self):
        while True:
            self.handle_events()


class EventHandler:
    interest = READ  # what its handle is watched for

    def __init__(self, reactor, handle):
        handle.setblocking(False)
        self.reactor, self.handle = reactor, handle

    def close(self):
        # close: first out of the reactor, then the handle, since a closed one has no number.
        self.reactor.remove_handler(self)
        self.handle.close()


class Acceptor(EventHandler):
    def __init__(self, reactor, listener, make_handler):
        super().__init__(reactor, listener)
        self.make_handler = make_handler

    def handle_readable(self):
        # accept: if more are waiting than are let in now, the selector says so again.
        for _ in range(NEWCOMERS):
            try:
                client, _ = self.handle.accept()
            except (BlockingIOError, ConnectionAbortedError):  # nobody is there, or no longer
                return
            self.reactor.register_handler(self.make_handler(self.reactor, client))


class Phone(EventHandler):
    alone = None  # the caller who has nobody to talk to yet
    other = None  # who is at the other end
    owed = b""  # what was said to this one and has not been sent yet

    def __init__(self, reactor, client):
        super().__init__(reactor, client)
        if Phone.alone is None:
            Phone.alone = self
        else:
            self.other, Phone.alone.other, Phone.alone = Phone.alone, self, None

    @property
    def interest(self):
        return WRITE if self.owed else READ

    def handle_readable(self):
        # read: what has arrived so far; b"" means that the client sends no more.
        try:
            data = self.handle.recv(65536)
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            return
        except OSError:  # reset, most likely: this connection is over, the others go on
            data = b""
        if not data:
            self.hang_up()
        elif self.other:  # what is said before there is anybody to hear it is lost
            # buffer: the other one is owed these bytes, and has to be watched for room.
            self.other.owed += data
            self.reactor.refresh(self.other)

    def handle_writable(self):
        # write: as much as fits into the kernel's buffer. The rest stays owed.
        try:
            sent = self.handle.send(self.owed)
        except BlockingIOError:  # the buffer is full: the client does not read
            return
        except OSError:  # reset: nobody will read this, and the next recv() says so too
            sent = len(self.owed)
        self.owed = self.owed[sent:]

    def hang_up(self):
        if Phone.alone is self:
            Phone.alone = None
        self.close()
        if self.other:
            self.other.handle_writable()  # the last words; what does not fit now is lost
            self.other.close()


def serve(listener):
    # create listener: the launcher did.
    reactor = Reactor()
    reactor.register_handler(Acceptor(reactor, listener, Phone))
    reactor.run()
