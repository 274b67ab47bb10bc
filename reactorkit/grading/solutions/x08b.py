"""The lines that one reader is still to get, in a bounded number of bytes, and whole."""

from collections import deque


class OutQueue:
    def __init__(self, sock, limit, policy):
        self.sock = sock
        self.limit = limit
        self.policy = policy
        self.begun = b""  # the rest of the line that the kernel has the beginning of
        self.lines = deque()  # not begun: these may be dropped
        self.waiting = 0  # how many bytes they have
        self.leaving = False

    def put(self, line):
        if self.leaving:
            return
        # buffer: at most `limit` bytes. A count of lines would say nothing about memory.
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
                # write: a send() may end in the middle of a line.
                sent = self.sock.send(piece)
            except BlockingIOError:  # no room: that is what the queue is for
                return
            except OSError:  # reset: nobody is there who could be owed anything
                self.begun = b""
                self.leave()
                return
            if not self.begun:
                self.waiting -= len(self.lines.popleft())
            self.begun = piece[sent:]

    def leave(self):
        # What is begun is finished: half a line would be taken for a whole one.
        self.leaving = True
        self.lines.clear()
        self.waiting = 0

    def wants_write(self):
        return bool(self.begun or self.lines)

    def over(self):
        return self.leaving and not self.begun
