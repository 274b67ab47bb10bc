"""A thread for the keyboard, and the main thread for the server."""

import json
import os
import socket
import sys
import threading


def chat(server, user):
    threading.Thread(target=send_what_is_typed, args=(server, user), daemon=True).start()
    try:
        with server.makefile("rb") as lines:
            for line in lines:
                hear(line)
    except OSError:
        pass


def send_what_is_typed(server, user):
    try:
        for line in typed_lines():
            text = line.decode()
            show(user, text)
            server.sendall(json.dumps({"user": user, "text": text}).encode() + b"\n")
        server.shutdown(socket.SHUT_WR)
    except OSError:  # the other thread hears of it, too
        pass


def typed_lines():
    rest = b""
    while data := os.read(0, 4096):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
    if rest:
        yield rest


def hear(line):
    try:
        said = json.loads(line)
    except ValueError:
        return
    if isinstance(said, dict) and all(isinstance(said.get(k), str) for k in ("user", "text")):
        show(said["user"], said["text"])


def show(user, text):
    # One write for each line, since two threads print.
    sys.stdout.write(f"[{clean(user)}] {clean(text)}\n")
    sys.stdout.flush()


def clean(text):
    return "".join("\ufffd" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in text)
