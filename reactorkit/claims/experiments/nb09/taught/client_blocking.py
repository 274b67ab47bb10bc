"""A chat client with two ears and a blocking send(): a little lazy, and nearly always fine.

Stops working when the server stops reading. The buffers on the way fill, sendall() waits for room,
and while it waits nobody is heard, neither the keyboard nor the server.
"""

import json
import os
import selectors
import socket
import sys

from reactorkit.chat.framing import LineFramer


def main(host, port, user):
    typed = LineFramer()
    with socket.create_connection((host, int(port))) as server:
        print("connected")
        # register: two handles, both for reading.
        selector = selectors.DefaultSelector()
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        selector.register(server, selectors.EVENT_READ)
        while True:
            # wait: for whichever comes first.
            for key, _ in selector.select():
                if key.fileobj is server:
                    data = server.recv(65536)  # read
                    print(data.decode(errors="replace"), end="")
                else:
                    data = os.read(key.fd, 65536)  # read: all that there is, be it ten lines
                    for line in typed.feed(data):
                        said = {"user": user, "text": line.decode()}
                        server.sendall(json.dumps(said).encode() + b"\n")  # write, and wait
                if not data:
                    return


main(*sys.argv[1:])
