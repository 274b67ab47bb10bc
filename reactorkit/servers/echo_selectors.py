"""Every socket brings its own callback: the loop waits, then calls, and knows nothing else.

selectors.DefaultSelector is the best call that this system has, epoll or kqueue, under one name.
It also keeps what the rungs before kept by hand: the way from a descriptor to its socket.

Stops working when descriptors run out: accept() raises, and the server ends. And the echo is
still woven into the loop's class: to serve something else, everything is written again.

Rung 7. Next: echo_reactor has the loop in a library, and keeps only the echo.
"""

import selectors


class EchoServer:
    def __init__(self, listener):
        # create listener: the launcher did. Here it becomes non-blocking, like every client later.
        listener.setblocking(False)
        # register: a socket, what to wait for, and whom to call then.
        self.owed = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ, self.accept)

    def run(self):
        while True:
            # wait: the selector answers with keys. In key.data is what we have registered.
            for key, _ in self.selector.select():
                callback = key.data
                callback(key.fileobj)

    def accept(self, listener):
        # accept: one client per turn. If more are waiting, the selector says so again.
        try:
            client, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # nobody is there, or no longer
            return
        client.setblocking(False)
        self.owed[client] = b""
        self.selector.register(client, selectors.EVENT_READ, self.read)

    def read(self, client):
        # read: what has arrived so far; b"" means that the client sends no more.
        try:
            data = client.recv(65536)
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            return
        except OSError:  # reset, most likely: this connection is over, the others go on
            data = b""
        if not data:
            self.close(client)
            return
        # buffer: the bytes are owed until the kernel has taken them.
        self.owed[client] += data
        self.send(client)
        if self.owed[client]:  # not all of it fits: wait for room instead of bytes
            self.selector.modify(client, selectors.EVENT_WRITE, self.write)

    def write(self, client):
        self.send(client)
        if not self.owed[client]:  # all of it is out: wait for bytes again
            self.selector.modify(client, selectors.EVENT_READ, self.read)

    def send(self, client):
        # write: as much as fits into the kernel's buffer. The rest stays owed.
        try:
            sent = client.send(self.owed[client])
        except BlockingIOError:  # the buffer is full: the client does not read
            return
        except OSError:  # reset: nobody will read this, and the next recv() says so too
            sent = len(self.owed[client])
        self.owed[client] = self.owed[client][sent:]

    def close(self, client):
        # close: nothing is owed any more, or nobody is there to take it.
        self.selector.unregister(client)
        del self.owed[client]
        client.close()


def serve(listener):
    EchoServer(listener).run()
