"""The reactor with its own name: Twisted calls a method whenever something has happened.

Twisted writes the pattern's words into its interfaces: a reactor, and protocols that are told
dataReceived() and connectionLost(). No handler reads or writes a socket itself.

In the wild. What an echo needs beyond a write(): the pair of calls that stops reading from a client
that does not read, and the method that lets a half-closed connection finish its answers.
"""

from twisted.internet import interfaces, protocol, reactor
from zope.interface import implementer


@implementer(interfaces.IHalfCloseableProtocol)
class Echo(protocol.Protocol):
    def connectionMade(self):
        # accept: the reactor has. Our own transport is where our bytes come from: when too many
        # wait to be sent, it is told to pause, and reads no more until they are gone.
        self.transport.registerProducer(self.transport, True)

    def dataReceived(self, data):
        # read: the reactor has; these are the bytes.
        # buffer: write() only keeps them.
        # write: the reactor sends them in its next turn, and what does not fit in a later one.
        self.transport.write(data)

    def readConnectionLost(self):
        # close: the client sends no more. What it is owed is sent first.
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def writeConnectionLost(self):
        pass


def serve(listener):
    # create listener: the launcher did; Twisted works on a copy of its descriptor.
    listener.setblocking(False)
    # register: the listener here, every client by the reactor.
    reactor.adoptStreamPort(listener.fileno(), listener.family, protocol.Factory.forProtocol(Echo))
    # wait: in here, until a signal ends it.
    reactor.run()
