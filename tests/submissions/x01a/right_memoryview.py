"""recv_into a view of a buffer that is there from the start."""


def recv_exactly(sock, n):
    data = bytearray(n)
    view = memoryview(data)
    done = 0
    while done < n:
        got = sock.recv_into(view[done : done + 777])
        if got == 0:
            raise EOFError(f"{done} of {n} bytes")
        done += got
    return bytes(data)


def send_all(sock, data):
    view = memoryview(data)
    while view:
        sent = sock.send(view[:100_000])
        print("sent", sent)
        view = view[sent:]
