"""One thread, one selector, and two hopes: that recv() never raises and send() takes everything.

The usual first selector server, as short as it gets. Lesson 02 sets it beside echo_threads;
lesson 06 repairs it.
"""

import selectors
import socket


def serve(listener: socket.socket) -> None:
    """Echo, with one thread for all."""
    selector = selectors.DefaultSelector()

    def accept(listener: socket.socket) -> None:
        client, _ = listener.accept()
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ, echo)

    def echo(client: socket.socket) -> None:
        data = client.recv(65536)  # the first hope: a reset raises ConnectionResetError here
        if data:
            client.send(data)  # the second: with full buffers this raises, or takes only a part
        else:
            selector.unregister(client)
            client.close()

    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ, accept)
    while True:
        for key, _ in selector.select():
            key.data(key.fileobj)
