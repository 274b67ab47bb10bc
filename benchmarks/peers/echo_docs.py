"""An echo like the example in Python's documentation: 1,000 bytes at a time, Nagle's rule on.

A message of 1,024 bytes is answered in two parts, and the second waits for the acknowledgement of
the first, which the client's kernel holds back for 40 ms.
"""

import selectors
import socket


def serve(listener):
    selector = selectors.DefaultSelector()
    listener.setblocking(False)

    def accept(listener):
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)  # the launcher's listener
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ, read)

    def read(client):
        if data := client.recv(1000):
            client.send(data)
        else:
            selector.unregister(client)
            client.close()

    selector.register(listener, selectors.EVENT_READ, accept)
    while True:
        for key, _ in selector.select():
            key.data(key.fileobj)
