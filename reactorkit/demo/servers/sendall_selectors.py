"""A loop that sends with sendall(): it waits until the last byte is gone, and everybody with it.

A selector says who may be read. Nothing is asked before writing, and sendall() on a blocking
socket sleeps while the client's buffer is full.

Stops working with one client that sends much and reads slowly.
Beside it: echo_selectors keeps what does not fit, and waits for room in the same select().
"""

import selectors


def serve(listener):
    # create listener: the launcher did.
    selector = selectors.DefaultSelector()
    # register: the callback stands beside the socket.
    selector.register(listener, selectors.EVENT_READ, accept)
    while True:
        # wait: for anybody.
        for key, _ in selector.select():
            key.data(selector, key.fileobj)


def accept(selector, listener):
    # accept: select() has said that somebody is there.
    client, _ = listener.accept()
    selector.register(client, selectors.EVENT_READ, echo)


def echo(selector, client):
    try:
        # read: select() has said that something is there; b"" means that the client sends no more.
        data = client.recv(65536)
        # buffer: none of ours.
        # write: all of it, however long the client takes to read it. The whole loop waits here.
        client.sendall(data)
    except ConnectionError:  # reset
        data = b""
    if not data:
        # close: nobody is there any more.
        selector.unregister(client)
        client.close()
