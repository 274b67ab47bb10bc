"""Waits for the keyboard first, and then looks what the server has said meanwhile."""

import json
import socket


def chat(server, user):
    heard = b""
    try:
        while True:
            text = input()
            print(f"[{user}] {text}")
            server.sendall(json.dumps({"user": user, "text": text}).encode() + b"\n")
            server.setblocking(False)
            try:
                heard = hear(heard + server.recv(65536))
            except BlockingIOError:
                pass
            server.setblocking(True)
    except EOFError:
        server.shutdown(socket.SHUT_WR)
    while data := server.recv(65536):
        heard = hear(heard + data)


def hear(data):
    *lines, rest = data.split(b"\n")
    for line in lines:
        said = json.loads(line)
        print(f"[{said['user']}] {said['text']}")
    return rest
