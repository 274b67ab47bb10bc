"""poll(), the keyboard made non-blocking, and a great deal of talk about oneself."""

import json
import os
import re
import select
import socket
import sys


def chat(server, user):
    print("connected as", user)
    print("-" * 40)
    server.setblocking(False)
    os.set_blocking(0, False)
    poll = select.poll()
    poll.register(server, select.POLLIN)
    poll.register(0, select.POLLIN)
    typed, heard, out, typing, open_ = b"", b"", bytearray(), True, True
    while True:
        ready = dict(poll.poll())
        if 0 in ready:
            try:
                data = os.read(0, 512)
            except BlockingIOError:
                data = None
            if data is not None:
                typed += data
                if not data:
                    typing = False
                    poll.unregister(0)
                    typed += b"\n" if typed else b""
                while b"\n" in typed:
                    line, typed = typed.split(b"\n", 1)
                    print(f"[{user}] {line.decode()}")
                    print("sending", len(line), "bytes", file=sys.stderr)
                    said = {"text": line.decode(), "user": user}
                    out += json.dumps(said, indent=None).encode() + b"\n"
        try:
            if ready.get(server.fileno(), 0) & ~select.POLLOUT:
                data = server.recv(512)
                if not data:
                    print("bye")
                    return
                heard += data
                while b"\n" in heard:
                    line, heard = heard.split(b"\n", 1)
                    hear(line)
            if out:
                try:
                    del out[: server.send(out)]
                except BlockingIOError:
                    pass
            if open_ and not typing and not out:
                server.shutdown(socket.SHUT_WR)
                open_ = False
        except OSError as error:
            print("gone:", error)
            return
        poll.modify(server, select.POLLIN | (select.POLLOUT if out else 0))


def hear(line):
    try:
        said = json.loads(line.decode())
        line = "[" + said["user"] + "] " + said["text"]
    except (ValueError, LookupError, TypeError) as error:
        print("no message:", error)
        return
    print(re.sub(r"[\x00-\x1f\x7f-\x9f]", "\ufffd", line))
