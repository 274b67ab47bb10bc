"""It ignores what send() returns."""


def recv_exactly(sock, n):
    data = bytearray()
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise EOFError("the stream ended")
        data += piece
    return bytes(data)


def send_all(sock, data):
    sock.send(data)
