"""It goes by the number of the socket, which may be another one's by now."""

from selectors import EVENT_READ, EVENT_WRITE


class Writer:
    def __init__(self, selector, sock):
        self.selector = selector
        self.sock = sock
        self.owed = bytearray()
        self.number = sock.fileno()

    def enqueue(self, data):
        if self.number in self.selector.get_map():
            self.owed += data
            self.ask()

    def on_writable(self):
        if self.number not in self.selector.get_map():
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
        key = self.selector.get_key(self.number)
        interest = EVENT_READ | (EVENT_WRITE if self.owed else 0)
        self.selector.modify(self.number, interest, key.data)

    def close(self):
        if self.number in self.selector.get_map():
            self.owed.clear()
            self.selector.unregister(self.number)
            self.sock.close()
