"""A thread pumps the keyboard into a socket, so that the selector waits for sockets only."""

import json
import os
import selectors
import socket
import threading

TABLE = dict.fromkeys([*range(32), *range(127, 160)], "�")


def pump(into):
    while data := os.read(0, 65536):
        into.sendall(data)
    into.shutdown(socket.SHUT_WR)


def chat(server, user):
    ours, theirs = socket.socketpair()
    threading.Thread(target=pump, args=(theirs,), daemon=True).start()
    server.setblocking(False)
    out, typed, heard = b"", b"", b""
    typing = True
    with selectors.DefaultSelector() as selector:
        selector.register(ours, selectors.EVENT_READ)
        selector.register(server, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj: events for key, events in selector.select()}
            try:
                if ours in ready:
                    data = ours.recv(65536)
                    *lines, typed = (typed + data).split(b"\n")
                    if not data:
                        typing = False
                        selector.unregister(ours)
                        lines += [typed] if typed else []
                    for line in lines:
                        text = line.decode()
                        print(f"[{user}] {text}", flush=True)
                        out += json.dumps({"user": user, "text": text}).encode() + b"\n"
                if server in ready and ready[server] & selectors.EVENT_READ:
                    data = server.recv(65536)
                    *lines, heard = (heard + data).split(b"\n")
                    for line in lines:
                        hear(line)
                    if not data:
                        return
                out = send(server, out, typing)
            except OSError:
                return
            write = selectors.EVENT_WRITE if out else 0
            selector.modify(server, selectors.EVENT_READ | write)


def send(server, out, typing):
    if out:
        try:
            out = out[server.send(out) :]
        except BlockingIOError:
            return out
    if not out and not typing:
        server.shutdown(socket.SHUT_WR)
    return out


def hear(line):
    try:
        said = json.loads(line.decode())
        user, text = said["user"].translate(TABLE), said["text"].translate(TABLE)
    except (ValueError, TypeError, KeyError, AttributeError):
        return
    print(f"[{user}] {text}", flush=True)
