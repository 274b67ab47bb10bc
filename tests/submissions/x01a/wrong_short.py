"""At an early end it returns what has come."""


def recv_exactly(sock, n):
    data = bytearray()
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            break
        data += piece
    return bytes(data)


def send_all(sock, data):
    while data:
        data = data[sock.send(data) :]
