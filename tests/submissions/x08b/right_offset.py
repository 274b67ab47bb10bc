"""A list of lines and an offset into the first; it tries to send as soon as something is put."""

import sys


class OutQueue:
    def __init__(self, sock, limit, policy):
        self.sock = sock
        self.limit = limit
        self.kick = {"kick": True, "drop_oldest": False}[policy]
        self.lines, self.offset = [], 0
        self.state = "open"

    def size(self):
        first = 1 if self.offset else 0
        return sum(map(len, self.lines[first:]))

    def put(self, line):
        print("put", len(line), "in state", self.state, file=sys.stderr)
        if self.state != "open":
            return
        self.lines.append(memoryview(line))
        if len(self.lines) == 1:
            self.flush()
        while self.state == "open" and self.size() > self.limit:
            if self.kick:
                self.state = "leaving"
                del self.lines[1 if self.offset else 0 :]
            else:
                del self.lines[1 if self.offset else 0]
        self.settle()

    def flush(self):
        try:
            while self.lines:
                self.offset += self.sock.send(self.lines[0][self.offset :])
                if self.offset == len(self.lines[0]):
                    self.offset = 0
                    self.lines.pop(0)
        except BlockingIOError:
            pass
        except ConnectionError as error:
            print("over:", error)
            self.lines, self.offset, self.state = [], 0, "over"
        self.settle()

    def settle(self):
        if self.state == "leaving" and not self.lines:
            self.state = "over"

    def wants_write(self):
        return bool(self.lines)

    def over(self):
        return self.state == "over"
