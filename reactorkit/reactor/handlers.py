"""An Event Handler: one handle, and what to do when it is ready.

A handler says what it waits for (`interest`) by looking at its own state: bytes that are owed mean
WRITE, room for more means READ. It never switches anything on or off; the reactor asks again after
each call. So the question and the state that answers it cannot drift apart.
"""

import errno
import logging
import selectors

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

log = logging.getLogger(__name__)


class EventHandler:
    """Reacts to one handle. Subclass it, and say what `handle_readable` does.

    Arguments:
        reactor: the Reactor that will call it. `reactor.register_handler(self)` is for whoever
            makes the handler to do.
        handle: anything with fileno(), in non-blocking mode: a socket, a pipe, a terminal.

    `watched` is what the reactor waits for on its behalf now, 0 for nothing. Only the reactor
    writes it.
    """

    # Ten thousand connections are ten thousand of these: no dictionary in each.
    __slots__ = ("__weakref__", "closed", "fd", "handle", "reactor", "watched")

    def __init__(self, reactor, handle):
        self.reactor = reactor
        self.handle = handle
        self.fd = handle.fileno()  # remembered: a closed socket has forgotten its number
        self.watched = 0
        self.closed = False

    @property
    def interest(self):
        """What to wait for: READ, WRITE, READ | WRITE, or 0 for nothing at present."""
        return READ

    def handle_readable(self):
        """React: there are bytes, or the stream has ended, or something is wrong with it."""
        raise NotImplementedError(f"{type(self).__name__} waits for READ, and does not handle it")

    def handle_writable(self):
        """React: the kernel has room for some bytes, not for any number of them."""
        raise NotImplementedError(f"{type(self).__name__} waits for WRITE, and does not handle it")

    def handle_stop(self):
        """React: the reactor is about to end. Finish what is owed, then close; here, at once."""
        self.close()

    def handle_close(self):
        """React: this handler has been removed, and will not be called again."""
        self.handle.close()

    def close(self):
        """Leave the reactor and close the handle. To close twice is no error."""
        if not self.closed:
            self.closed = True
            # In this order: the kernel gives the number of a closed descriptor to the next one.
            self.reactor.remove_handler(self)
            self.handle_close()

    def __repr__(self):
        return f"<{type(self).__name__} {self.fd}{' closed' if self.closed else ''}>"


# accept() failed since no descriptor, or no memory, was left; the client is still in the queue.
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# accept() failed for one client: gone again (BSD), or its network error is told to us (Linux).
GONE = {
    *(errno.ECONNABORTED, errno.EPROTO, errno.ENETDOWN, errno.ENOPROTOOPT, errno.EHOSTDOWN),
    *(errno.EHOSTUNREACH, errno.EOPNOTSUPP, errno.ENETUNREACH, errno.EPERM),
    getattr(errno, "ENONET", errno.EPROTO),  # Linux only
}


class Acceptor(EventHandler):
    """Accepts new clients, and registers a handler for each.

    When descriptors run out it waits for nothing for PAUSE seconds: the listener stays readable as
    long as clients queue, so a reactor that went on asking would do nothing else (accept(2),
    EMFILE). Everybody who is connected is served meanwhile.

    Arguments:
        reactor, listener: as for EventHandler; the listener becomes non-blocking here.
        make_handler: make_handler(reactor, client) returns the EventHandler for a new client, a
            non-blocking socket. If it raises, that client is closed and the others go on.
    """

    __slots__ = ("make_handler", "paused", "warned")

    # Clients taken in one turn. One each would cost a wait for every client; without a limit, a
    # flood of them would keep those who are connected waiting.
    BATCH = 128
    PAUSE = 0.1  # seconds

    def __init__(self, reactor, listener, make_handler):
        super().__init__(reactor, listener)
        listener.setblocking(False)
        self.make_handler = make_handler
        self.paused = False
        self.warned = False  # of the queue that there is now: a pause after the other is one story

    @property
    def interest(self):
        """READ: a listener is readable when a client waits to be accepted."""
        return 0 if self.paused else READ

    def handle_readable(self):
        """Accept who is waiting."""
        for _ in range(self.BATCH):
            try:
                client, _ = self.handle.accept()
            except BlockingIOError:  # nobody any more
                self.warned = False
                return
            except OSError as error:
                if error.errno in GONE:
                    continue
                if error.errno not in NO_ROOM:
                    raise
                self.pause(error)
                return
            self.reactor.attempt(self.welcome, client)

    def welcome(self, client):
        """Register a handler for one client."""
        client.setblocking(False)
        try:
            handler = self.make_handler(self.reactor, client)
            self.reactor.register_handler(handler)
        except BaseException:
            client.close()
            raise

    def pause(self, error):
        """Wait for nothing for a while."""
        if not self.warned:
            log.warning("%s: new clients wait in the queue for now.", error.strerror)
        self.paused = self.warned = True
        self.reactor.call_later(self.PAUSE, self.resume)

    def resume(self):
        """Accept again."""
        self.paused = False
        self.reactor.refresh(self)
