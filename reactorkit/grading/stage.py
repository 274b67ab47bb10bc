"""Where a server under judgement runs: a process of its own, an address that we chose, gauges."""

from __future__ import annotations

import random
import socket
from dataclasses import replace
from typing import Any, TypeVar

from reactorkit.grading.blame import Sight, queue_of_listener
from reactorkit.grading.client import Client
from reactorkit.grading.isolation import Isolation
from reactorkit.grading.run import Run
from reactorkit.grading.story import Story, Unmet
from reactorkit.launcher import listen

NAMES = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hila", "Ida", "Jon")
Kind = TypeVar("Kind", bound=Client)

# Bytes for SO_SNDBUF. What accept() returns has it, too, so a send() to who does not read is short.
# Left to itself, Linux gives up to 4 MiB (tcp(7)), as it has learnt from earlier connections, and
# says that a socket is writable while a third of that is free: then hardly a send() is short.
ROOM = 1 << 16


class ServerStage(Run):
    """One run of a submitted server, with its clients. A context manager.

    Arguments:
        source: the submission's text. story: where everything is told.
        isolation: how it is kept apart. rng: what is random in this run.
        descriptors: its soft limit of descriptors, or None.
    """

    subject = "the server"
    defines = "serve(listener)"
    at_end = "serve() has come to its end. It is called once, and goes on for all clients."

    def __init__(
        self,
        source: str,
        story: Story,
        isolation: Isolation,
        rng: random.Random,
        descriptors: int | None = None,
    ) -> None:
        with listen("127.0.0.1", 0) as listener:  # the child has its own: after it, nobody listens
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
            self.launch(source, isolation, "serve", listener, descriptors=descriptors)
            self.prepare(story, rng, listener.getsockname()[:2])

    def prepare(self, story: Story, rng: random.Random, address: tuple[str, int]) -> None:
        """Note what the scenario works with."""
        super().__init__(story, rng)
        self.address = address
        self.clients: list[Client] = []

    # ---------------------------------------------------------------- clients

    def client(self, name: str = "", **options: Any) -> Client:
        """Return a new client, connected."""
        return self.client_of(Client, name, **options)

    def client_of(self, kind: type[Kind], name: str = "", **options: Any) -> Kind:
        """Return a new client of a kind that knows what the service speaks, connected."""
        name = name or NAMES[len(self.clients) % len(NAMES)]
        try:
            client = kind(self.story, name, self.address, **options)
        except Unmet as unmet:
            raise self.blamed(unmet) from None
        self.clients.append(client)
        return client

    def some_bytes(self, n: int) -> bytes:
        """Return n bytes that differ from run to run."""
        return self.rng.randbytes(n)

    # ------------------------------------------------------------ the process

    def expects_alive(self, cause: str = "") -> None:
        """See that it still runs."""
        if self.why_ended() is not None:
            raise self.blamed(Unmet("that the server still runs", "it has ended", cause))
        self.story.expectation("the server still runs")

    def sight(self) -> Sight:
        """See Run."""
        sight = super().sight()
        if sight.ended is not None:
            return sight
        waiting = queue_of_listener(self.address[1])
        return replace(sight, ignored=waiting >= len(self.clients) > 0)

    def hang_up(self) -> None:
        """See Run."""
        for client in self.clients:
            client.peer.close()
