"""A client with a prompt and no way out: it asks, sends, and shows one recv() as the answer.

Its arguments are the host and the port of a server.
"""

from __future__ import annotations

import socket
import sys


def main() -> None:
    """Ask for one line after the other, for ever."""
    server = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    while True:
        line = input("say: ")
        server.sendall(line.encode())
        print("Received: ", server.recv(1024).decode())


if __name__ == "__main__":
    main()
