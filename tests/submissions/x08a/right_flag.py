"""A flag says whether the selector has been asked; what waits lies in pieces, with an offset."""

import collections
import selectors


class Writer:
    def __init__(self, selector, sock):
        self.selector, self.sock = selector, sock
        self.pieces = collections.deque()
        self.offset = 0
        self.asked = False
        self.data = selector.get_key(sock).data

    def enqueue(self, data):
        if self.sock is None or not data:
            return
        self.pieces.append(bytes(data))
        if not self.asked:
            self.asked = True
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self.selector.modify(self.sock, both, self.data)

    def on_writable(self):
        while self.sock is not None and self.pieces:
            rest = memoryview(self.pieces[0])[self.offset :]
            try:
                sent = self.sock.send(rest)
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            self.offset += sent
            if self.offset == len(self.pieces[0]):
                self.pieces.popleft()
                self.offset = 0
        if self.asked and self.sock is not None:
            self.asked = False
            self.selector.modify(self.sock, selectors.EVENT_READ, self.data)

    def wants_write(self):
        return self.asked and self.sock is not None

    def close(self):
        if self.sock is not None:
            sock, self.sock = self.sock, None
            self.pieces.clear()
            self.selector.unregister(sock)
            sock.close()
