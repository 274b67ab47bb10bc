"""Run chat_client, and print what its selector holds before each wait: a program of its own.

    python map_child.py HOST PORT

The client runs unchanged, on a selector of ours that writes down its map. What the client prints
goes to standard error here, so that standard output holds nothing but our JSON, a line for each
wait: pairs of a handle's name and what is waited for.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import selectors
import socket
import sys
from typing import Any

NAMES = {1: "READ", 2: "WRITE", 3: "READ | WRITE"}


class Told(selectors.DefaultSelector):
    """The system's selector; tells its map before each wait."""

    def select(self, timeout: float | None = None) -> Any:
        """As the original."""
        rows = [
            ["socket" if isinstance(key.fileobj, socket.socket) else "keyboard", NAMES[key.events]]
            for key in self.get_map().values()
        ]
        print(json.dumps(rows), file=sys.__stdout__, flush=True)
        return super().select(timeout)


def main(host: str, port: str) -> None:
    """Chat as Ann, and tell."""
    chat_client = importlib.import_module("reactorkit.clients.chat_client")
    with socket.create_connection((host, int(port))) as server:
        client = chat_client.ChatClient(server, sys.stdin.fileno(), "Ann")
        client.selector.close()
        client.selector = Told()
        with contextlib.redirect_stdout(sys.stderr):
            client.run()


if __name__ == "__main__":
    main(*sys.argv[1:3])
