"""echo_reactor with a handler that waits, as for a database: the whole loop waits with it."""

import time

from reactorkit.reactor import Acceptor, EventHandler, Reactor

SECONDS = 0.05


class Waiting(EventHandler):
    def handle_readable(self):
        # read: short words, so one recv() and one sendall() are enough here.
        data = self.handle.recv(1024)
        if not data:
            self.close()
            return
        time.sleep(SECONDS)  # stands for the database
        self.handle.sendall(data)  # write


def serve(listener):
    reactor = Reactor()
    reactor.register_handler(Acceptor(reactor, listener, Waiting))
    reactor.run()
