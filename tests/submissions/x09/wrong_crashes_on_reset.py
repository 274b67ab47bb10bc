"""Knows that a server ends, and not that it may break off."""

import json
import os
import re
import selectors
import socket
import stat

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


def chat(server, user):
    server.setblocking(False)
    selector = selector_for_standard_input()
    selector.register(0, READ)
    selector.register(server, READ)
    typed, heard, owed, typing, ended = b"", b"", b"", True, False
    while True:
        for key, events in selector.select():
            try:
                if key.fileobj == 0:
                    data = os.read(0, 65536)
                    *lines, typed = (typed + data).split(b"\n")
                    if not data:
                        typing = False
                        selector.unregister(0)
                        lines += [typed] if typed else []
                    for line in lines:
                        text = line.decode()
                        show(user, text)
                        owed += json.dumps({"user": user, "text": text}).encode() + b"\n"
                elif events & READ:
                    data = server.recv(65536)
                    *lines, heard = (heard + data).split(b"\n")
                    for line in lines:
                        hear(line)
                    if not data:
                        return
                try:
                    owed = owed[server.send(owed) :] if owed else b""
                except BlockingIOError:
                    pass
                if not owed and not typing and not ended:
                    ended = True
                    server.shutdown(socket.SHUT_WR)
            except BlockingIOError:
                return
        selector.modify(server, READ | WRITE if owed else READ)


def hear(line):
    try:
        said = json.loads(line.decode())
    except ValueError:
        return
    if isinstance(said, dict) and all(isinstance(said.get(k), str) for k in ("user", "text")):
        show(said["user"], said["text"])


def show(user, text):
    print(re.sub(r"[\x00-\x1f\x7f-\x9f]", "\ufffd", f"[{user}] {text}"))


def selector_for_standard_input():
    if stat.S_ISREG(os.fstat(0).st_mode) or os.path.samestat(os.fstat(0), os.stat(os.devnull)):
        return selectors.SelectSelector()
    return selectors.DefaultSelector()
