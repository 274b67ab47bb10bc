"""The kernel keeps the list: epoll returns only who is ready, however many are silent.

A thousand silent clients cost the one that talks nothing: no call carries them into the kernel,
and the kernel does not ask them. If all talk at once, epoll is no better than poll().

Stops working as a program to build on: the loop knows its two kinds of sockets by heart, and
everything new (a pipe, a second listener) is one more `if`. And epoll is a Linux call: other
systems have the same under another name, at the end of this file.

Rung 6. Next: echo_selectors gives every socket its own callback.
"""

import select


class EchoServer:
    def __init__(self, listener):
        # create listener: the launcher did. Here it becomes non-blocking, like every client later.
        listener.setblocking(False)
        self.listener = listener
        # register: every client, with the bytes that we still owe it.
        self.owed = {}
        self.clients = {}  # by descriptor: epoll answers with numbers
        self.poller = Poller()  # epoll, or kqueue: see the end of this file
        self.poller.register(listener, READABLE)

    def run(self):
        while True:
            # wait: the kernel has a list of those that became ready, and looks at no others.
            for fd, event in self.poller.poll():
                if fd == self.listener.fileno():
                    self.accept()
                elif event == WRITABLE:
                    self.write(self.clients[fd])
                else:
                    self.read(self.clients[fd])

    def accept(self):
        # accept: one client per turn. If more are waiting, epoll says so again.
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


# macOS and BSD have no epoll. Their kqueue keeps the list in the kernel too, with one filter per
# direction. This class puts it behind the calls that we use.
class Kqueue:
    def __init__(self):
        self.queue = select.kqueue()

    def register(self, sock, event):
        self.queue.control([select.kevent(sock, event, select.KQ_EV_ADD)], 0)

    def modify(self, sock, event):
        other = READABLE if event == WRITABLE else WRITABLE
        self.queue.control([select.kevent(sock, other, select.KQ_EV_DELETE)], 0)
        self.register(sock, event)

    def unregister(self, sock):
        self.queue.control([select.kevent(sock, READABLE, select.KQ_EV_DELETE)], 0)

    def poll(self):
        return [(ready.ident, ready.filter) for ready in self.queue.control(None, 1024)]


if hasattr(select, "epoll"):
    READABLE, WRITABLE, Poller = select.EPOLLIN, select.EPOLLOUT, select.epoll
else:
    READABLE, WRITABLE, Poller = select.KQ_FILTER_READ, select.KQ_FILTER_WRITE, Kqueue
