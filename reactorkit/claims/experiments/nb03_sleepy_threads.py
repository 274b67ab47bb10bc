"""echo_threads with a handler that sleeps 20 ms for every request (see nb03_sleepy.py)."""

from __future__ import annotations

import importlib
import socket

from reactorkit.claims.experiments.nb03_sleepy import sleepy


def serve(listener: socket.socket) -> None:
    """Serve with echo_threads, unchanged, on sleepy connections."""
    importlib.import_module("reactorkit.servers.echo_threads").serve(sleepy(listener))
