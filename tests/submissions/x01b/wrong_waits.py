"""On a silent connection it waits until there is something to say."""

import select
import socket


def classify(sock):
    select.select([sock], [], [])
    try:
        data = sock.recv(1, socket.MSG_PEEK)
    except OSError:
        return "RESET"
    return "DATA" if data else "EOF"
