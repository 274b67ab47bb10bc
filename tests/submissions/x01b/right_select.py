"""select() first, then a look."""

import select
import socket


def classify(sock):
    readable, _, _ = select.select([sock], [], [], 0)
    if not readable:
        return "NOTHING"
    try:
        seen = sock.recv(4096, socket.MSG_PEEK)
    except ConnectionResetError:
        return "RESET"
    return "DATA" if len(seen) else "EOF"
