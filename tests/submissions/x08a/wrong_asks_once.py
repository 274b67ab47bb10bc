"""A flag says that the selector was asked, and nobody takes it back."""

from selectors import EVENT_READ, EVENT_WRITE


class Writer:
    def __init__(self, selector, sock):
        self.selector = selector
        self.sock = sock
        self.owed = bytearray()
        self.closed = False
        self.asked = False

    def enqueue(self, data):
        if not self.closed:
            self.owed += data
            if data and not self.asked:
                self.asked = True
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
        interest = EVENT_READ | (EVENT_WRITE if self.owed else 0)
        self.selector.modify(self.sock, interest, key.data)

    def close(self):
        if not self.closed:
            self.closed = True
            self.owed.clear()
            self.selector.unregister(self.sock)
            self.sock.close()
