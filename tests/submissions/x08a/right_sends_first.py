"""It tries to send at once, and asks the selector for what is left only. It prints a lot."""

from selectors import EVENT_READ, EVENT_WRITE


class Writer:
    def __init__(self, selector, sock):
        self.selector, self.sock = selector, sock
        self.rest = b""
        self.open = True

    def enqueue(self, data):
        if not self.open:
            print("nobody is there any more")
            return
        self.rest += data
        if len(self.rest) == len(data):  # nothing has waited before
            self.on_writable()

    def on_writable(self):
        if not self.open:
            return
        try:
            sent = self.sock.send(self.rest) if self.rest else 0
        except BlockingIOError:
            sent = 0
        except OSError as error:
            print("over:", error)
            self.close()
            return
        print("sent", sent, "of", len(self.rest))
        self.rest = self.rest[sent:]
        self.watch(EVENT_READ | EVENT_WRITE if self.rest else EVENT_READ)

    def watch(self, events):
        key = self.selector.get_key(self.sock)
        if key.events != events:
            # Out and in again does the same as modify().
            self.selector.unregister(self.sock)
            self.selector.register(self.sock, events, key.data)

    def wants_write(self):
        return len(self.rest) > 0

    def close(self):
        if self.open:
            self.selector.unregister(self.sock)
            self.sock.close()
            self.rest, self.open = b"", False
