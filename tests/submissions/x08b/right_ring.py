"""All bytes in one bytearray, and the lengths of the lines that are in it."""

import collections


class OutQueue:
    def __init__(self, sock, limit, policy):
        self.sock, self.limit, self.policy = sock, limit, policy
        self.bytes = bytearray()
        self.lengths = collections.deque()  # of the lines; what has gone of the first is taken off
        self.begun = False  # the first of them has gone in part
        self.kicked = self.gone = False

    def put(self, line):
        if self.kicked or self.gone:
            return
        self.bytes.extend(line)
        self.lengths.append(len(line))
        first = 1 if self.begun else 0
        if len(self.bytes) <= self.limit:  # the rest of a line that is begun counts, too
            return
        if self.policy == "kick":
            self.kicked = True
            self.cut(first, len(self.lengths))
            return
        last = first
        surplus = len(self.bytes) - self.limit
        while surplus > 0 and last < len(self.lengths) - 1:
            surplus -= self.lengths[last]
            last += 1
        self.cut(first, last)

    def cut(self, first, last):
        lengths = list(self.lengths)
        start = sum(lengths[:first])
        del self.bytes[start : start + sum(lengths[first:last])]
        self.lengths = collections.deque(lengths[:first] + lengths[last:])

    def flush(self):
        if not self.bytes:
            return
        try:
            sent = self.sock.send(self.bytes)  # it may end in any of the lines
        except BlockingIOError:
            return
        except OSError:
            self.gone = True
            self.bytes.clear()
            self.lengths.clear()
            return
        del self.bytes[:sent]
        while sent and sent >= self.lengths[0]:
            sent -= self.lengths.popleft()
            self.begun = False
        if sent:
            self.lengths[0] -= sent
            self.begun = True

    def wants_write(self):
        return len(self.bytes) > 0

    def over(self):
        return self.gone or (self.kicked and not self.bytes)
