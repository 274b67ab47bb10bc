"""b"" is taken for nothing yet."""

import socket


def classify(sock):
    try:
        data = sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return "NOTHING"
    except OSError:
        return "RESET"
    return "DATA" if data else "NOTHING"
