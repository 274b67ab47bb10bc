"""It takes b"" for nothing yet, and asks for ever."""


def recv_exactly(sock, n):
    data = b""
    while len(data) < n:
        data += sock.recv(n - len(data))
    return data


def send_all(sock, data):
    while data:
        data = data[sock.send(data) :]
