"""Who has to leave leaves in the middle of a line."""

from collections import deque


class OutQueue:
    def __init__(self, sock, limit, policy):
        self.sock = sock
        self.limit = limit
        self.policy = policy
        self.begun = b""
        self.lines = deque()
        self.waiting = 0
        self.leaving = False

    def put(self, line):
        if self.leaving:
            return
        self.lines.append(line)
        self.waiting += len(line)
        if self.waiting > self.limit and self.policy == "kick":
            self.leave()
        while self.waiting > self.limit:
            self.waiting -= len(self.lines.popleft())

    def flush(self):
        while self.wants_write():
            piece = self.begun or self.lines[0]
            try:
                sent = self.sock.send(piece)
            except BlockingIOError:
                return
            except OSError:
                self.begun = b""
                self.leave()
                return
            if not self.begun:
                self.waiting -= len(self.lines.popleft())
            self.begun = piece[sent:]

    def leave(self):
        self.leaving = True
        self.begun = b""
        self.lines.clear()
        self.waiting = 0

    def wants_write(self):
        return bool(self.begun or self.lines)

    def over(self):
        return self.leaving and not self.begun
