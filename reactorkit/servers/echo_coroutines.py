"""Coroutines on the reactor: code that reads like a thread's, on one thread.

The loop is that of echo_reactor, and its selector is the same. But where a callback returns, a
coroutine awaits: it stops in the middle, its local variables stay, and it goes on when its handle
is ready. Compare echo() with the one in echo_threads.

Stops working when descriptors run out for good, like every server; and when somebody forgets an
`await`: between two of them nobody else runs.

Rung 9. Next: echo_asyncio has all of this in the standard library.
"""

from reactorkit.reactor import Reactor
from reactorkit.reactor.coroutines import Task, accept, recv, send_all, sleep
from reactorkit.reactor.handlers import NO_ROOM


async def welcome(reactor, listener):
    # create listener: the launcher did. It must not block: accept() awaits in its place.
    listener.setblocking(False)
    # register: nothing by hand. Whoever awaits a handle is registered for as long as it waits.
    # wait: each `await` below. Up to there the code runs; then the others have their turn.
    while True:
        # accept: awaits a client, and does not stop for one that is there already. Each gets a
        # task of its own, as it got a thread in echo_threads.
        try:
            client = await accept(listener)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            await sleep(0.1)  # no descriptor is left: those who are connected are served meanwhile
            continue
        Task(reactor, echo(client))


async def echo(client):
    with client:
        try:
            # read: awaits at least one byte; b"" means that the client sends no more.
            while data := await recv(client):
                # buffer: none of ours. While we await room in the kernel's, we do not read.
                # write: all of it, however long the client takes to read it.
                await send_all(client, data)
        except OSError:  # reset, most likely: this connection is over, the others go on
            pass
    # close: `with` did. Everything that came in has gone out, or nobody is there to take it.


def serve(listener):
    reactor = Reactor()
    Task(reactor, welcome(reactor, listener))
    reactor.run()
