"""Cuts the stream where the orders end, and keeps the unfinished rest until more arrives.

It prints each order that it has understood, and answers "ok".

Simplification: an order may be as long as it likes, so a client that never ends one takes
memory without a limit.
Beside it: orders_recv takes what one recv() returns for one order.
"""

import selectors


def serve(listener):
    # create listener: the launcher did.
    selector = selectors.DefaultSelector()
    # register: the callback stands beside the socket, and the rest of each client beside that.
    rests = {}
    selector.register(listener, selectors.EVENT_READ, accept)
    while True:
        # wait: for anybody.
        for key, _ in selector.select():
            key.data(selector, key.fileobj, rests)


def accept(selector, listener, rests):
    # accept: select() has said that somebody is there.
    client, _ = listener.accept()
    rests[client] = b""
    selector.register(client, selectors.EVENT_READ, take_orders)


def take_orders(selector, client, rests):
    try:
        # read: whatever has arrived, which is a piece of a stream.
        data = client.recv(1024)
        # buffer: what stands behind the last newline is not an order yet.
        *orders, rests[client] = (rests[client] + data).split(b"\n")
        for order in orders:
            print("order:", repr(order))
            # write: the answer is small.
            client.sendall(b"ok\n")
    except ConnectionError:  # reset
        data = b""
    if not data:
        # close: nobody is there any more.
        selector.unregister(client)
        client.close()
        del rests[client]
