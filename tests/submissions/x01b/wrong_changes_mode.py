"""It sets a time-out of its own, and leaves the socket in another mode."""

import socket


def classify(sock):
    sock.settimeout(0.05)
    try:
        data = sock.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return "NOTHING"
    except OSError:
        return "RESET"
    finally:
        sock.setblocking(True)
    return "DATA" if data else "EOF"
