"""What one client can do to every server at the press of a button.

Each trouble is one scripted client for each server. It runs on a thread of its own: a server may
be paused by the presenter, and then its client has to wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from reactorkit.demo.play import Play
from reactorkit.errors import KitError
from reactorkit.lab.peer import Peer

LONG = 600.0  # seconds that a client waits for a server: the presenter may have paused it
WORDS = b"Hello from the stage. "
# No newline, no text, no JSON that ends: whatever a server expects, this is something else.
HOSTILE = b'\x00\xff\xfe}{["\\ud800\r' * 4096


def reset(peer: Peer) -> None:
    """Say something, and break the connection off (RST)."""
    peer.send(WORDS)
    peer.reset()


def half_close(peer: Peer) -> None:
    """Say something, end the own stream (FIN), and read the answer to the end."""
    peer.send(WORDS)
    peer.half_close()
    peer.recv_to_eof()
    peer.close()


def hostile(peer: Peer) -> None:
    """Send bytes that no protocol expects, and leave without reading an answer."""
    peer.send(HOSTILE)
    peer.reset()


def byte_by_byte(peer: Peer) -> None:
    """Send a sentence one byte at a time, and read the answer."""
    peer.dribble(WORDS, gap=0.1)
    peer.recv_exactly(len(WORDS))
    peer.close()


TROUBLES: dict[str, Callable[[Peer], None]] = {
    "Reset": reset,
    "Half-close": half_close,
    "Hostile bytes": hostile,
    "Byte by byte": byte_by_byte,
}


def make_trouble(play: Play, name: str, complain: Callable[[str], None]) -> list[threading.Thread]:
    """Let one client of that name loose on every server that lives; returns their threads."""
    threads = []
    for server in play.servers:
        if server.alive:
            work = (TROUBLES[name], play, server.address, complain, server.name)
            threads.append(threading.Thread(target=_act, args=work, name=name, daemon=True))
            threads[-1].start()
    return threads


def _act(
    act: Callable[[Peer], None],
    play: Play,
    address: tuple[str, int],
    complain: Callable[[str], None],
    server: str,
) -> None:
    try:
        peer = Peer(address, timeout=LONG)
    except KitError as error:
        complain(str(error))
        return
    play.peers.append(peer)
    try:
        act(peer)
    except (KitError, OSError) as error:
        complain(f"{server}: {error}")
    finally:
        peer.sock.close()
        if peer in play.peers:
            play.peers.remove(peer)
