"""It reads a byte instead of looking at it."""


def classify(sock):
    try:
        data = sock.recv(1)
    except BlockingIOError:
        return "NOTHING"
    except OSError:
        return "RESET"
    return "DATA" if data else "EOF"
