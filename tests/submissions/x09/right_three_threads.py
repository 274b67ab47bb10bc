"""Threads and queues: one reads the keyboard, one sends, the main thread prints all there is."""

import json
import os
import queue
import re
import socket
import threading


def chat(server, user):
    screen, outbox = queue.Queue(), queue.Queue()
    for work in (
        lambda: read_keyboard(user, screen, outbox),
        lambda: send(server, outbox),
        lambda: read_server(server, screen),
    ):
        threading.Thread(target=work, daemon=True).start()
    while (line := screen.get()) is not None:
        print(line, flush=True)


def read_keyboard(user, screen, outbox):
    def take(line):
        text = line.decode("utf-8")
        screen.put(f"[{user}] {text}")
        outbox.put(json.dumps({"user": user, "text": text}, ensure_ascii=False).encode() + b"\n")

    rest = bytearray()
    while data := os.read(0, 1000):
        rest += data
        while (place := rest.find(b"\n")) >= 0:
            take(bytes(rest[:place]))
            del rest[: place + 1]
    if rest:
        take(bytes(rest))
    outbox.put(None)


def send(server, outbox):
    try:
        while (line := outbox.get()) is not None:
            server.sendall(line)
        server.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def read_server(server, screen):
    rest = b""
    try:
        while data := server.recv(3000):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if (shown := told(line)) is not None:
                    screen.put(shown)
    except OSError:
        pass
    screen.put(None)


def told(line):
    try:
        said = json.loads(line.decode("utf-8"))
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    user, text = said.get("user"), said.get("text")
    if not (isinstance(user, str) and isinstance(text, str)):
        return None
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "\ufffd", f"[{user}] {text}")
