"""One reactor, two services: at the first door an echo, at the second a chat.

The reactor waits and calls; it knows neither of them, and they do not know each other. Lesson 07
holds a dialogue with both.

Simplification: send() is taken to take all of a few short lines. Lesson 08 does without it.
"""

import functools
import socket

from reactorkit.reactor import Acceptor, EventHandler, Reactor


class Echo(EventHandler):
    """Sends back what comes."""

    def handle_readable(self):
        """Read once, and answer."""
        data = self.handle.recv(65536)
        if data:
            self.handle.send(data)
        else:
            self.close()


class Chat(EventHandler):
    """Hands each line to all the others."""

    def __init__(self, members, reactor, handle):
        super().__init__(reactor, handle)
        self.rest = b""
        self.members = members
        members.add(self)

    def handle_readable(self):
        """Read once, and pass on the lines that are complete."""
        data = self.handle.recv(65536)
        if not data:
            self.close()
            return
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            for member in self.members - {self}:
                try:
                    member.handle.send(line + b"\n")
                except OSError:  # reset: that member is gone, and its own event says so
                    pass

    def handle_close(self):
        """Leave the room as well."""
        self.members.discard(self)
        super().handle_close()


def serve(listener):
    """Run both until the process ends."""
    host = listener.getsockname()[0]
    second = socket.create_server((host, 0), family=listener.family)
    reactor = Reactor()
    reactor.register_handler(Acceptor(reactor, listener, Echo))
    reactor.register_handler(Acceptor(reactor, second, functools.partial(Chat, set())))
    print("chat at", *second.getsockname()[:2], flush=True)
    reactor.run()
