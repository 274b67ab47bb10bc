"""One loop for everybody, and one handler that does not come back for five seconds.

Every visitor gets an echo; one who says "report" gets it after the report is written. The loop
calls one handler at a time, so until that one returns nobody else is served.

Stops working as soon as one handler waits: for a file, a database, a long computation.
Beside it: report_threads does the same work with a thread for every visitor.
"""

import selectors
import time

SECONDS = 5  # how long it takes to write a report


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
    selector.register(client, selectors.EVENT_READ, answer)


def answer(selector, client):
    try:
        # read: select() has said that something is there; b"" means that the client sends no more.
        data = client.recv(1024)
        if data.startswith(b"report"):
            write_report()
        # write: answers are small here, so the kernel takes them at once.
        client.sendall(data)
    except ConnectionError:  # reset
        data = b""
    if not data:
        # close: nobody is there any more.
        selector.unregister(client)
        client.close()


def write_report():
    time.sleep(SECONDS)  # stands for the database; the whole loop waits with it
