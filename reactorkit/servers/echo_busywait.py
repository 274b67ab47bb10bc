"""One thread for everybody: it asks every socket in turn, and again, and never waits.

No thread per client, no lock: a non-blocking socket that has nothing to do says so at once.

Stops working long before it stops answering: a whole core is busy while nobody says a word, and
every pass asks every client, so each new client makes all the others slower.

Simplification, from here to echo_selectors: a client is either read or answered, never both at
once. While it is owed bytes we do not read it. So a client that does not read slows down its
own sending only, and we hold at most one piece of data for each.

Rung 3. Next: echo_select lets the kernel say who is ready.
"""


class EchoServer:
    def __init__(self, listener):
        # create listener: the launcher did. Here it becomes non-blocking, like every client later.
        listener.setblocking(False)
        self.listener = listener
        # register: every client, with the bytes that we still owe it.
        self.owed = {}

    def run(self):
        while True:
            # wait: we never do. Every call below returns at once, ready or not.
            self.accept()
            for client in list(self.owed):  # a copy: close() changes the dictionary
                if self.owed[client]:
                    self.write(client)
                else:
                    self.read(client)

    def accept(self):
        # accept: at most one new client per pass.
        try:
            client, _ = self.listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # nobody is there, or no longer
            return
        client.setblocking(False)
        self.owed[client] = b""

    def read(self, client):
        # read: what has arrived so far; b"" means that the client sends no more.
        try:
            data = client.recv(65536)
        except BlockingIOError:  # nothing has arrived yet
            return
        except OSError:  # reset, most likely: this connection is over, the others go on
            data = b""
        if not data:
            self.close(client)
            return
        # buffer: the bytes are owed until the kernel has taken them.
        self.owed[client] += data
        self.write(client)

    def write(self, client):
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
        del self.owed[client]
        client.close()


def serve(listener):
    EchoServer(listener).run()
