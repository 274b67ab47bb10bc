"""It takes a reset for the end of the stream."""


def recv_exactly(sock, n):
    data = b""
    while len(data) < n:
        try:
            piece = sock.recv(n - len(data))
        except OSError:
            piece = b""
        if not piece:
            raise EOFError
        data += piece
    return data


def send_all(sock, data):
    while data:
        data = data[sock.send(data) :]
