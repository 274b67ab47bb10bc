"""A chat client with two ears and a trap: it reads the keyboard with sys.stdin.readline().

Stops working when several lines come at once. readline() takes all of them out of the pipe and
returns the first. The others lie in Python's buffer, where the selector does not look.
"""

import json
import selectors
import socket
import sys


def main(host, port, user):
    with socket.create_connection((host, int(port))) as server:
        print("connected")
        # register: two handles, both for reading.
        selector = selectors.DefaultSelector()
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(server, selectors.EVENT_READ)
        while True:
            # wait: for whichever comes first.
            for key, _ in selector.select():
                if key.fileobj is server:
                    text = server.recv(65536).decode(errors="replace")  # read
                    print(text, end="")
                elif text := sys.stdin.readline():  # read: one line, it seems
                    said = {"user": user, "text": text.rstrip("\n")}
                    server.sendall(json.dumps(said).encode() + b"\n")  # write
                if not text:
                    return


main(*sys.argv[1:])
