"""A server that makes its own listener, with SO_REUSEADDR or without it.

    python restart_child.py PORT reuse|plain

Prints "listening PORT", or the name of the error that bind has given. It answers one client after
the other, and is ended by a signal: its kernel then closes whatever it has open.
"""

from __future__ import annotations

import errno
import socket
import sys


def main() -> None:
    """Listen at the port of the command line, say so, and echo."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.argv[2] == "reuse":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError as error:
        print(errno.errorcode.get(error.errno or 0, str(error)), flush=True)
        return
    listener.listen()
    print("listening", listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        with client:
            while data := client.recv(1024):
                client.sendall(data)


if __name__ == "__main__":
    main()
