"""It keeps a failure of send() to itself."""


def recv_exactly(sock, n):
    data = bytearray()
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise EOFError("the stream ended")
        data += piece
    return bytes(data)


def send_all(sock, data):
    try:
        while data:
            data = data[sock.send(data) :]
    except OSError as error:
        print("could not send:", error)
