"""echo_reactor with a reactor that asks again for a moment before it goes to sleep."""

from reactorkit.reactor import Acceptor, Reactor
from reactorkit.servers.echo_reactor import EchoConnection


def serve(listener):
    reactor = Reactor(spin=0.0002)
    reactor.register_handler(Acceptor(reactor, listener, EchoConnection))
    reactor.run()
