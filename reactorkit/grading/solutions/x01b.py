"""A look at what recv() would say. MSG_PEEK leaves the bytes where they are."""

import socket


def classify(sock):
    try:
        data = sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:  # open, and nothing has arrived
        return "NOTHING"
    except OSError:  # the peer has broken off
        return "RESET"
    return "DATA" if data else "EOF"
