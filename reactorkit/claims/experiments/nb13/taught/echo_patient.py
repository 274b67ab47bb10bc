"""A guest who has said nothing for PATIENCE seconds has to leave: an idle time-out.

A client that has vanished without a word looks like one that is silent, for neither sends anything.
So the server cannot find out which it is. It can only decide how long a silence may be.

Stops working against a guest who says one byte now and then: he is never silent for long.
"""

import time

from reactorkit.reactor import Acceptor, EventHandler, Reactor

PATIENCE = 1.0  # seconds. Short, so that you can watch it; in real servers it is minutes.


def serve(listener):
    # create listener: the launcher did.
    reactor = Reactor()
    # register: one handler, which registers a Guest for each client that it accepts.
    reactor.register_handler(Acceptor(reactor, listener, Guest))
    # wait, accept: the reactor and its Acceptor do.
    reactor.run()


class Guest(EventHandler):
    __slots__ = ("heard",)

    def __init__(self, reactor, client):
        super().__init__(reactor, client)
        self.heard = time.monotonic()
        reactor.call_later(PATIENCE, self.look_at_the_clock)

    def look_at_the_clock(self):
        # A timer is not renewed with every word. When it is due, it looks how long the silence is.
        if self.closed:
            return
        silence = time.monotonic() - self.heard
        if silence >= PATIENCE:
            self.close()
        else:
            self.reactor.call_later(PATIENCE - silence, self.look_at_the_clock)

    def handle_readable(self):
        # read: what has arrived so far; b"" means that the client sends no more.
        try:
            data = self.handle.recv(65536)
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            return
        except OSError:  # reset: this connection is over, the others go on
            data = b""
        if not data:
            self.close()
            return
        self.heard = time.monotonic()
        self.echo(data)

    def echo(self, data):
        # write. Simplification: no buffer. Who does not fetch the echo has to leave.
        try:
            sent = self.handle.send(data)
        except OSError:
            sent = 0
        # close: in one place for every reason.
        if sent < len(data):
            self.close()
