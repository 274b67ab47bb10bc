"""A chat client with one ear: it waits for the keyboard, and then looks what has come.

Stops working as a chat at once: while it waits in input(), nobody is heard.
"""

import json
import socket
import sys


def main(host, port, user):
    with socket.create_connection((host, int(port))) as server:
        print("connected")
        while True:
            # read: first the keyboard, for as long as that takes.
            text = input()
            # write
            server.sendall(json.dumps({"user": user, "text": text}).encode() + b"\n")
            # read: then the server, if it has said anything. Simplification: whole lines arrive.
            server.setblocking(False)
            try:
                print(server.recv(65536).decode(), end="")
            except BlockingIOError:
                pass
            server.setblocking(True)


try:
    main(*sys.argv[1:])
except EOFError:  # nobody types any more
    pass
