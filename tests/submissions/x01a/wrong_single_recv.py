"""It takes one recv() for all of it."""

import socket


def recv_exactly(sock, n):
    if n == 0:
        return b""
    data = sock.recv(n)
    if not data:
        raise EOFError
    if len(data) < n:
        data += sock.recv(n - len(data))
    if len(data) < n and not sock.recv(1, socket.MSG_PEEK):
        raise EOFError
    return data


def send_all(sock, data):
    while data:
        data = data[sock.send(data) :]
