"""A loop that is told of readiness once, when it begins: edge-triggered epoll, or kqueue.

The second of Kegel's strategies. What is not read now is not told again, so a client is read until
BlockingIOError, and written to until BlockingIOError.

Shortened for a comparison: there is no limit for what is owed.
"""

import select

HAS_EPOLL = hasattr(select, "epoll")


def serve(listener):
    # create listener: the launcher did.
    listener.setblocking(False)
    # register: once, for both directions.
    edge, clients = Edge(), {}
    edge.register(listener.fileno())
    while True:
        # wait: for changes only.
        for fd in edge.poll():
            if fd == listener.fileno():
                accept(listener, edge, clients)
            elif fd in clients and clients[fd].is_done():
                # close: the kernel takes a closed descriptor off its list.
                clients.pop(fd).sock.close()


def accept(listener, edge, clients):
    while True:  # accept: everybody who waits, for nobody will tell us of the second one again
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        sock.setblocking(False)
        clients[sock.fileno()] = Client(sock)
        edge.register(sock.fileno())


class Client:
    def __init__(self, sock):
        self.sock, self.owed, self.ended = sock, b"", False

    def is_done(self):
        """Do all that can be done now; return whether that was the last of it."""
        try:
            self.read()
            self.write()
        except OSError:  # reset: nobody is there any more
            return True
        return self.ended and not self.owed

    def read(self):
        try:
            while data := self.sock.recv(65536):  # read: until BlockingIOError
                self.owed += data  # buffer
        except BlockingIOError:
            return
        self.ended = True

    def write(self):
        try:
            while self.owed:  # write: until all is out, or BlockingIOError
                self.owed = self.owed[self.sock.send(self.owed) :]
        except BlockingIOError:
            return


class Edge:
    """epoll or kqueue, edge-triggered, for both directions."""

    def __init__(self):
        self.queue = getattr(select, "epoll" if HAS_EPOLL else "kqueue")()

    def register(self, fd):
        if HAS_EPOLL:
            self.queue.register(fd, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
            return
        for direction in (select.KQ_FILTER_READ, select.KQ_FILTER_WRITE):
            flags = select.KQ_EV_ADD | select.KQ_EV_CLEAR  # kqueue's word for edge-triggered
            self.queue.control([select.kevent(fd, direction, flags)], 0)

    def poll(self):
        if HAS_EPOLL:
            return [fd for fd, _ in self.queue.poll()]
        return list(dict.fromkeys(event.ident for event in self.queue.control(None, 1024)))
