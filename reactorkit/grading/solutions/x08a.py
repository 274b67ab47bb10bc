"""What is owed to one connection, and the interest that follows from it."""

from selectors import EVENT_READ, EVENT_WRITE


class Writer:
    def __init__(self, selector, sock):
        self.selector = selector
        self.sock = sock
        self.owed = bytearray()
        self.closed = False

    def enqueue(self, data):
        if not self.closed:
            # buffer: whoever calls, and from whichever handler, the selector is asked at once.
            self.owed += data
            self.ask()

    def on_writable(self):
        # A handler before this one in the same turn may have closed it: the event is stale then.
        if self.closed:
            return
        try:
            # write: send() says how many bytes the kernel has taken. The others stay owed.
            del self.owed[: self.sock.send(self.owed)]
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            pass
        except OSError:  # reset: nobody is there who could be owed anything
            self.close()
            return
        self.ask()

    def wants_write(self):
        return bool(self.owed)

    def ask(self):
        # register: the bytes that are left decide, here and nowhere else.
        key = self.selector.get_key(self.sock)
        interest = EVENT_READ | (EVENT_WRITE if self.owed else 0)
        if interest != key.events:
            self.selector.modify(self.sock, interest, key.data)

    def close(self):
        if self.closed:
            return
        self.closed = True
        self.owed.clear()
        # close: out of the selector first, since a closed socket has no number to find it by.
        self.selector.unregister(self.sock)
        self.sock.close()
