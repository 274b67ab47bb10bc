"""poll() tells of the error by a bit; a look tells data from the end."""

import select
import socket


def classify(sock):
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    ready = poll.poll(0)
    if not ready:
        return "NOTHING"
    if ready[0][1] & select.POLLERR:
        return "RESET"
    into = bytearray(1)
    return "DATA" if sock.recv_into(into, 1, socket.MSG_PEEK) else "EOF"
