"""The Reactor pattern as a small library: one thread, many handles, a handler for each.

    reactor = Reactor()
    reactor.register_handler(Acceptor(reactor, listener, EchoConnection))
    reactor.run()

Read the files in this order; each is short, and only the first two are needed for a first server.

    handlers.py     EventHandler: what to do when a handle is ready. Acceptor: new clients.
    dispatcher.py   Reactor: waits, and calls the handlers of what is ready.
    timers.py       calls that are due at a moment.
    wakeup.py       calls from other threads, and signals: what wakes a sleeping reactor.
    pool.py         blocking work, handed to threads, its result handed back.
    coroutines.py   the same loop, under code that reads from top to bottom.

The names are those of Schmidt's paper (1995), in which the Reactor is called Initiation Dispatcher.
"""

from reactorkit.reactor.dispatcher import Reactor
from reactorkit.reactor.handlers import READ, WRITE, Acceptor, EventHandler
from reactorkit.reactor.pool import Pool
from reactorkit.reactor.timers import Timer
from reactorkit.reactor.wakeup import Wakeup

__all__ = ["READ", "WRITE", "Acceptor", "EventHandler", "Pool", "Reactor", "Timer", "Wakeup"]
