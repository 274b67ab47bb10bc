"""Many silent connections, held open by this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType

from reactorkit.errors import KitError
from reactorkit.lab.addresses import source_address
from reactorkit.lab.machine import most_connections, raise_descriptors
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server


class Held:
    """`n` open connections that say nothing. `peers` are the clients, in order of connecting."""

    def __init__(
        self,
        address: tuple[str, int],
        n: int,
        *,
        progress: Callable[[Iterable[int]], Iterable[int]] | None = None,
        timeout: float = 10.0,
    ) -> None:
        if n > most_connections():
            raise KitError(
                f"{n} connections are more than one process may hold here "
                f"({most_connections()}): raise the hard limit of descriptors or ask for fewer."
            )
        raise_descriptors(n)
        self.peers: list[Peer] = []
        numbers: Iterable[int] = range(n)
        try:
            for index in progress(numbers) if progress else numbers:
                source = source_address(address[0], index)
                self.peers.append(Peer(address, timeout=timeout, source=source))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let all of them leave politely."""
        for peer in self.peers:
            peer.close()

    def stop(self) -> None:
        """The same, under the name that everything a cell starts answers to."""
        self.close()

    def __len__(self) -> int:
        return len(self.peers)

    def __enter__(self) -> Held:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def address_of(target: Server | tuple[str, int]) -> tuple[str, int]:
    """Return (host, port) of a server or of a plain address."""
    return target.address if isinstance(target, Server) else target
