"""Every exception caught, every byte kept: the repair of echo_fragile that comes to mind first.

It keeps what does not fit, asks for room to write as long as it owes something, and no exception
of one connection reaches the others. Nothing ends it any more.

Stops working when a client sends much and reads late: all of it lies in this server's memory. It
forgets what it owes to a client that has ended its own stream. And with no descriptor left it
spins, for accept() fails at once and the listener stays readable.
Beside it: echo_reactor, which has an answer to all three.
"""

import selectors


class EchoServer:
    def __init__(self, listener):
        # create listener: the launcher did.
        listener.setblocking(False)
        # register: a socket, what to wait for, and what to call then.
        self.owed = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ, self.accept)

    def run(self):
        while True:
            # wait: the selector answers with keys, and with what each of them is ready for.
            for key, mask in self.selector.select():
                if key.data == self.accept:
                    self.accept(key.fileobj)
                else:
                    self.serve_client(key.fileobj, mask)

    def accept(self, listener):
        # accept: whatever goes wrong, the server goes on.
        try:
            client, _ = listener.accept()
        except OSError:
            return
        client.setblocking(False)
        self.owed[client] = bytearray()
        self.selector.register(client, selectors.EVENT_READ, self.serve_client)

    def serve_client(self, client, mask):
        try:
            if mask & selectors.EVENT_READ:
                self.read(client)
            if mask & selectors.EVENT_WRITE and client in self.owed:
                self.write(client)
        except BlockingIOError:  # no room: the bytes stay owed
            pass
        except OSError:  # reset, most likely: this connection is over, the others go on
            self.close(client)
        if client in self.owed:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.owed[client] else 0)
            self.selector.modify(client, wanted, self.serve_client)

    def read(self, client):
        # read: what has arrived so far; b"" means that the client sends no more.
        data = client.recv(65536)
        if not data:
            self.close(client)
            return
        # buffer: the bytes are owed until the kernel has taken them.
        self.owed[client] += data
        self.write(client)

    def write(self, client):
        # write: as much as fits into the kernel's buffer. The rest stays owed.
        sent = client.send(self.owed[client])
        del self.owed[client][:sent]

    def close(self, client):
        # close: it sends no more, so that is the end of it.
        self.selector.unregister(client)
        del self.owed[client]
        client.close()


def serve(listener):
    EchoServer(listener).run()
