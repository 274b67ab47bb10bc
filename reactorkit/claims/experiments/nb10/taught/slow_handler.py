"""One reactor, and a handler that does not come back for a tenth of a second.

Whoever says a word gets it back. Whoever says "slow" gets it back as well, after SECONDS.

Stops working as a server for more than one as soon as somebody says "slow": the reactor calls one
handler at a time, and while that one sleeps, nobody else's turn comes.
"""

import time

from reactorkit.reactor import Acceptor, EventHandler, Reactor

SECONDS = 0.1  # how long the database takes that this sleep stands for


class Clerk(EventHandler):
    def handle_readable(self):
        # read: what has arrived so far; b"" means that the client sends no more.
        try:
            words = self.handle.recv(65536)
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            return
        except OSError:  # reset, most likely: this connection is over, the others go on
            words = b""
        if not words:
            self.close()
        elif words.startswith(b"slow"):
            time.sleep(SECONDS)
            self.answer(words)
        else:
            self.answer(words)

    def answer(self, words):
        # write: the kernel takes a short answer at once. Simplification: a longer one, or a client
        # that does not read, would need a buffer, as in echo_reactor.
        self.handle.send(words)


def serve(listener):
    # create listener: the launcher did.
    reactor = Reactor()
    reactor.register_handler(Acceptor(reactor, listener, Clerk))
    reactor.run()
