"""What the experiments of lesson 13 share: sizes that follow the limits, and paired answer times.

Servers, quiet moments and CPU readings are those of lesson 02, which asks the same questions of
threads.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path

from reactorkit.claims.world import World
from reactorkit.lab import machine
from reactorkit.lab.peer import Peer

TAUGHT = Path(__file__).parent / "taught"
KIB, GIB = 1024, 2**30


def within_limits(world: World, wanted: int) -> int:
    """Return `wanted` connections, or as many as one process may hold here; states a reduction."""
    most = machine.most_connections() - machine.RESERVED_DESCRIPTORS
    if wanted > most:
        world.note(
            f"Reduced to {most:,} connections: one process may open "
            f"{machine.descriptor_limit():,} files here, and no more."
        )
    return min(wanted, most)


def answer_times(peers: Mapping[str, Peer], pings: int) -> dict[str, float]:
    """Return the median seconds of an echo for each peer; they take turns, ping by ping.

    Whatever else the machine does meanwhile, it does to all of them.
    """
    times: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(pings):
        for name, peer in peers.items():
            times[name].append(peer.echo(b"are you there?"))
    return {name: statistics.median(row) for name, row in times.items()}
