"""Two loops: one call does a part of the work, and says how large the part was."""


def recv_exactly(sock, n):
    data = bytearray()
    while len(data) < n:
        # Never more than is missing: what follows belongs to the next call.
        piece = sock.recv(n - len(data))
        if not piece:
            raise EOFError(f"the stream ended after {len(data)} of {n} bytes")
        data += piece
    return bytes(data)


def send_all(sock, data):
    rest = memoryview(data)  # cuts without copying
    while rest:
        sent = sock.send(rest)
        rest = rest[sent:]
