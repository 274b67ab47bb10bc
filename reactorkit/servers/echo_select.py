"""One call waits for everybody: select() sleeps until some socket is ready, and says which.

An idle server costs nothing again, and only those are touched that have something to do.

Stops working at descriptor 1024: the sets that select() hands to the kernel have FD_SETSIZE
bits, so one client too many raises ValueError and ends the server. Long before that, every
call carries the whole list into the kernel and back, silent clients included.

Rung 4. Next: echo_poll has no such limit.
"""

import select


class EchoServer:
    def __init__(self, listener):
        # create listener: the launcher did. Here it becomes non-blocking, like every client later.
        listener.setblocking(False)
        self.listener = listener
        # register: every client, with the bytes that we still owe it.
        self.owed = {}

    def run(self):
        while True:
            # wait: for new clients, for bytes from those we owe nothing, for room for the others.
            readers = [self.listener] + [client for client in self.owed if not self.owed[client]]
            writers = [client for client in self.owed if self.owed[client]]
            readable, writable, _ = select.select(readers, writers, [])
            for client in readable:
                if client is self.listener:
                    self.accept()
                else:
                    self.read(client)
            for client in writable:
                self.write(client)

    def accept(self):
        # accept: one client per turn. If more are waiting, select() says so again.
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
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
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
