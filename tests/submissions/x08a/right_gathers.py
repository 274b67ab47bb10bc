"""Many pieces go out with one sendmsg, and the interest is worked out anew each time."""

import itertools
import selectors

AT_ONCE = 64  # pieces


class Writer:
    def __init__(self, selector, sock):
        self.selector, self.sock = selector, sock
        self.queue = []

    def enqueue(self, data):
        if self.is_open():
            self.queue.append(memoryview(bytes(data)))
            self.settle()

    def on_writable(self):
        if not self.is_open():
            return
        try:
            sent = self.sock.sendmsg(self.queue[:AT_ONCE]) if self.queue else 0
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.close()
            return
        while sent:
            piece = self.queue[0]
            self.queue[0] = piece[sent:]
            sent -= min(sent, len(piece))
            if not self.queue[0]:
                del self.queue[0]
        self.settle()

    def settle(self):
        self.queue = list(itertools.dropwhile(lambda piece: not piece, self.queue))
        events = selectors.EVENT_READ
        if self.wants_write():
            events |= selectors.EVENT_WRITE
        self.selector.modify(self.sock, events, self.selector.get_key(self.sock).data)

    def wants_write(self):
        return any(self.queue)

    def is_open(self):
        return self.sock.fileno() >= 0

    def close(self):
        if self.is_open():
            self.queue.clear()
            self.selector.unregister(self.sock)
            self.sock.close()
