"""One thread, one selector, and five hopes: the selector server as most people write it first.

Every call of the pattern is there, in the right order, and it serves everybody who behaves. It
hopes that accept() never raises, nor recv(), nor send(), that send() takes everything, and that
whoever has ended its stream wants nothing more.

Stops working when one client does not behave: then it ends, for everybody.
Beside it: echo_patched buffers and catches, and echo_reactor gives each of these a place.
"""

import selectors


class EchoServer:
    def __init__(self, listener):
        # create listener: the launcher did.
        listener.setblocking(False)
        # register: a socket, what to wait for, and whom to call then.
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ, self.accept)

    def run(self):
        while True:
            # wait: the selector answers with keys. In key.data is what we have registered.
            for key, _ in self.selector.select():
                callback = key.data
                callback(key.fileobj)

    def accept(self, listener):
        # accept: the selector has said that somebody is there.
        client, _ = listener.accept()
        client.setblocking(False)
        self.selector.register(client, selectors.EVENT_READ, self.read)

    def read(self, client):
        # read: the selector has said that something is there; b"" means that the client has left.
        data = client.recv(65536)
        if not data:
            self.close(client)
            return
        # buffer: none.
        # write: all of it, with a little luck.
        client.send(data)

    def close(self, client):
        # close: it has left, so that is the end of it.
        self.selector.unregister(client)
        client.close()


def serve(listener):
    EchoServer(listener).run()
