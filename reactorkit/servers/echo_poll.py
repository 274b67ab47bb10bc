"""One call waits for any number of clients: poll() has no descriptor that is too high.

Each socket is registered once. Only a client that does not keep up is registered anew, for
room to write, until it has taken what we owe it.

Stops working when there are very many silent clients: poll() still carries the whole list into
the kernel, and the kernel asks every socket on it, even to find the single one that is ready.

Rung 5. Next: echo_epoll leaves the list in the kernel.
"""

import select

READABLE, WRITABLE = select.POLLIN, select.POLLOUT


class EchoServer:
    def __init__(self, listener):
        # create listener: the launcher did. Here it becomes non-blocking, like every client later.
        listener.setblocking(False)
        self.listener = listener
        # register: every client, with the bytes that we still owe it.
        self.owed = {}
        self.clients = {}  # by descriptor: poll() answers with numbers
        self.poller = select.poll()
        self.poller.register(listener, READABLE)

    def run(self):
        while True:
            # wait: each answer is a descriptor and what it is ready for. POLLHUP and POLLERR come
            # unasked; the next recv() then says what happened.
            for fd, event in self.poller.poll():
                if fd == self.listener.fileno():
                    self.accept()
                elif event == WRITABLE:
                    self.write(self.clients[fd])
                else:
                    self.read(self.clients[fd])

    def accept(self):
        # accept: one client per turn. If more are waiting, poll() says so again.
        try:
            client, _ = self.listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # nobody is there, or no longer
            return
        client.setblocking(False)
        self.owed[client] = b""
        self.clients[client.fileno()] = client
        self.poller.register(client, READABLE)

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
            self.poller.modify(client, WRITABLE)

    def write(self, client):
        self.send(client)
        if not self.owed[client]:  # all of it is out: wait for bytes again
            self.poller.modify(client, READABLE)

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
        self.poller.unregister(client)
        del self.clients[client.fileno()]
        del self.owed[client]
        client.close()


def serve(listener):
    EchoServer(listener).run()
