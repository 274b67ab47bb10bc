"""Chat on Twisted: one write for each message and member, which Twisted joins by itself."""

import asyncio_protocols
from twisted.internet import protocol, reactor

members = {}


class Chat(protocol.Protocol):
    tail = b""

    def connectionMade(self):
        members[self] = self.transport

    def connectionLost(self, _):
        del members[self]

    def dataReceived(self, data):
        *lines, self.tail = (self.tail + data).split(b"\n")
        for line in lines:
            text = asyncio_protocols.encoded(line)
            for member, transport in members.items():
                if member is not self:
                    transport.write(text)


def serve(listener):
    listener.setblocking(False)
    factory = protocol.Factory.forProtocol(Chat)
    reactor.adoptStreamPort(listener.fileno(), listener.family, factory)
    reactor.run()
