"""A raw file reads no further than asked; chunks are joined at the end."""


def recv_exactly(sock, n):
    with sock.makefile("rb", buffering=0) as file:
        chunks = []
        while n:
            chunk = file.read(n)
            if not chunk:
                raise EOFError
            chunks.append(chunk)
            n -= len(chunk)
        return b"".join(chunks)


def send_all(sock, data):
    place = 0
    while place < len(data):
        place += sock.send(data[place : place + 65536])
