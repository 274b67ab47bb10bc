"""select(), a dictionary of what is owed, an odd buffer, and much to say."""

import resource
import select

MOST = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 16  # some are ours
owed = {}
ended = set()


def serve(listener):
    listener.setblocking(False)
    while True:
        readers = [c for c in owed if c not in ended and len(owed[c]) < 30011]
        writers = [c for c in owed if owed[c]]
        door = [listener] if len(owed) < MOST else []
        readable, writable, _ = select.select([*door, *readers], writers, [])
        for sock in readable:
            if sock is listener:
                accept(sock)
            else:
                attempt(read, sock)
        for sock in writable:
            if sock in owed:
                attempt(write, sock)


def accept(listener):
    try:
        client, address = listener.accept()
    except OSError:
        return
    print("hello", address)
    client.setblocking(False)
    owed[client] = bytearray()


def attempt(step, client):
    try:
        step(client)
    except BlockingIOError:
        return
    except OSError as error:
        print("gone:", error)
        ended.add(client)
        owed[client].clear()
    if client in ended and not owed[client]:
        ended.discard(client)
        del owed[client]
        client.close()


def read(client):
    data = client.recv(10007)
    owed[client] += data
    if not data:
        ended.add(client)


def write(client):
    del owed[client][: client.send(owed[client])]
