"""Every error but BlockingIOError is taken for the end."""

import socket


def classify(sock):
    try:
        data = sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return "NOTHING"
    except OSError:
        return "EOF"
    return "DATA" if data else "EOF"
