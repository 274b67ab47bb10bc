"""A look with MSG_PEEK, and a noisy one."""

import socket


def classify(sock):
    try:
        data = sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return "NOTHING"
    except OSError:
        return "RESET"
    print("seen:", data)
    return "DATA" if data else "EOF"
