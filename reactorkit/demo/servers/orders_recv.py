"""Takes what one recv() returns for one order: right in every test, wrong on a busy day.

It prints each order that it has understood, and answers "ok".

Stops working when two orders arrive together, or one of them in pieces: TCP carries a stream of
bytes, and where one send() ended is not part of it.
Beside it: orders_lines cuts the stream where the orders end.
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
    selector.register(client, selectors.EVENT_READ, take_order)


def take_order(selector, client):
    try:
        # read: one recv(), one order. That is the fault.
        order = client.recv(1024)
        if order:
            print("order:", repr(order))
            # write: the answer is small.
            client.sendall(b"ok\n")
    except ConnectionError:  # reset
        order = b""
    if not order:
        # close: nobody is there any more.
        selector.unregister(client)
        client.close()
