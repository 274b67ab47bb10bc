"""MSG_WAITALL, which may still return less; and a recursion."""

import os
import socket


def recv_exactly(sock, n):
    whole = b""
    while len(whole) != n:
        part = sock.recv(n - len(whole), socket.MSG_WAITALL)
        if part == b"":
            raise EOFError("end of stream")
        whole += part
    return whole


def send_all(sock, data):
    if data:
        os.set_blocking(sock.fileno(), True)
        view = memoryview(data)
        while len(view) > 0:
            view = view[os.write(sock.fileno(), view) :]
