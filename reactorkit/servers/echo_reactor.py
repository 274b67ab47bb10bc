"""The Reactor pattern: the loop is a library, and a server is what its handlers say.

The loop that echo_selectors has woven into its class is now reactorkit.reactor. What is left here
is the echo. A connection never asks for READ or WRITE: it says what it waits for by looking at what
it owes, and the reactor looks after each call. Whatever goes wrong in one connection ends that one.

Stops working when a handler takes long: there is one thread, and while it computes or waits for a
disk, nobody is served. And the code of one client is cut into pieces, from callback to callback.

Rung 8. Next: echo_coroutines runs on the same reactor, and its code reads from top to bottom.
"""

import signal
import socket

from reactorkit.reactor import READ, WRITE, Acceptor, EventHandler, Reactor

MOST_OWED = 65536  # bytes: a client to whom we owe more has to read before it is read from
GRACE = 2.0  # seconds that clients get to fetch what they are owed when the server ends


def serve(listener):
    # create listener: the launcher did, with socket(), bind() and listen().
    reactor = Reactor()
    # register: one handler, which registers an EchoConnection for each client that it accepts.
    reactor.register_handler(Acceptor(reactor, listener, EchoConnection))
    for number in (signal.SIGINT, signal.SIGTERM):
        reactor.on_signal(number, reactor.stop, GRACE)
    # wait: run() does, in one select() for all handles, and calls the handler of each ready one.
    # accept: Acceptor does. It also knows what to do when descriptors run out: pause, and leave
    # those alone who are connected.
    reactor.run()


class EchoConnection(EventHandler):
    __slots__ = ("ended", "owed", "stopping")

    def __init__(self, reactor, client):
        super().__init__(reactor, client)
        self.owed = b""
        self.ended = False  # the client sends no more
        self.stopping = False  # we answer no more

    @property
    def interest(self):
        # For bytes, as long as they find room here; and for room, as long as we owe any.
        if not self.owed:
            return READ
        return WRITE if self.ended or len(self.owed) > MOST_OWED else READ | WRITE

    def handle_readable(self):
        # read: what has arrived so far; b"" means that the client sends no more.
        try:
            data = self.handle.recv(65536)
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            return
        except OSError:  # reset, most likely: this connection is over, the others go on
            self.close()
            return
        if not data:
            self.ended = True
        elif not self.stopping:
            # buffer: owed until the kernel has taken them, which it mostly does at once.
            self.owed += data
        self.handle_writable()

    def handle_writable(self):
        # write: as much as fits into the kernel's buffer. The rest stays owed.
        try:
            if self.owed:
                self.owed = self.owed[self.handle.send(self.owed) :]
            if self.stopping and not self.owed:
                self.handle.shutdown(socket.SHUT_WR)
        except BlockingIOError:  # the buffer is full: the client does not read
            return
        except OSError:  # reset: nobody will read this
            self.close()
        # close: once the client sends no more, and nothing is owed any more.
        if self.ended and not self.owed:
            self.close()

    def handle_stop(self):
        # To close with bytes unread makes the kernel send a reset, and what has not reached the
        # client by then would be lost. So: answer one more piece, end our stream, and read on until
        # the client ends its own; what that brings is not answered any more.
        self.handle_readable()
        self.stopping = True
        if not self.closed:
            self.handle_writable()
