"""echo_reactor in two processes with one listener: a loop in each, so two of Kegel's ideas at once.

Shortened for a comparison. Lesson 12 shows what such a server needs besides: who takes which
client, and what happens when a worker dies.
"""

import importlib
import os
import signal

WORKERS = 2


def serve(listener):
    # By name, as the launcher does it: no part of the kit imports a taught server.
    echo = importlib.import_module("reactorkit.servers.echo_reactor")
    # create listener: the launcher did; every worker inherits it.
    workers = [start(echo, listener) for _ in range(WORKERS)]
    try:
        while workers:
            workers.remove(os.wait()[0])
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGTERM)  # those not waited for: even one that has ended takes it


def start(echo, listener):
    """Return the process id of a new worker."""
    pid = os.fork()
    if pid == 0:
        # register, wait, accept, read, buffer, write, close: as in echo_reactor.
        echo.serve(listener)
        os._exit(0)
    return pid
