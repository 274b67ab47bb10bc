"""It asks for room from the beginning, whether it needs any or not."""

from selectors import EVENT_READ, EVENT_WRITE


class Writer:
    def __init__(self, selector, sock):
        self.selector = selector
        self.sock = sock
        self.owed = bytearray()
        self.closed = False
        self.ask()

    def enqueue(self, data):
        if not self.closed:
            self.owed += data
            self.ask()

    def on_writable(self):
        if self.closed:
            return
        try:
            del self.owed[: self.sock.send(self.owed)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        self.ask()

    def wants_write(self):
        return bool(self.owed)

    def ask(self):
        key = self.selector.get_key(self.sock)
        self.selector.modify(self.sock, EVENT_READ | EVENT_WRITE, key.data)

    def close(self):
        if not self.closed:
            self.closed = True
            self.owed.clear()
            self.selector.unregister(self.sock)
            self.sock.close()
