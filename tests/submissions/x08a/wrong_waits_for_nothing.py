"""No bytes are a piece like any other, and it asks for room for them."""

from selectors import EVENT_READ, EVENT_WRITE


class Writer:
    def __init__(self, selector, sock):
        self.selector = selector
        self.sock = sock
        self.owed = []
        self.closed = False

    def enqueue(self, data):
        if not self.closed:
            self.owed.append(data)
            self.ask()

    def on_writable(self):
        if self.closed:
            return
        try:
            rest = b"".join(self.owed)
            rest = rest[self.sock.send(rest) :]
            self.owed = [rest] if rest else []
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
