"""It reads what is there, and drops what is too much."""


def recv_exactly(sock, n):
    data = b""
    while len(data) < n:
        piece = sock.recv(65536)
        if not piece:
            raise EOFError
        data += piece
    return data[:n]


def send_all(sock, data):
    while data:
        data = data[sock.send(data) :]
