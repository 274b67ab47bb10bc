"""A generator that sends one line after the other, and stands still where there is no room."""

from collections import OrderedDict


class OutQueue:
    def __init__(self, sock, limit, policy):
        self._limit, self._policy = limit, policy
        self._waiting = OrderedDict()
        self._serial = 0
        self._size = 0
        self._within = False  # a line
        self._ended = False
        self._gone = False
        self._sender = self._sending(sock)

    def put(self, line):
        if self._ended:
            return
        self._waiting[self._serial] = line
        self._serial += 1
        self._size += len(line)
        while self._size > self._limit:
            if self._policy == "kick":
                self._ended = True
                self._waiting.clear()
                self._size = 0
            else:
                self._size -= len(self._waiting.popitem(last=False)[1])

    def flush(self):
        if self.wants_write():
            next(self._sender)

    def wants_write(self):
        return not self._gone and (self._within or len(self._waiting) > 0)

    def over(self):
        return self._gone or (self._ended and not self._within)

    def _sending(self, sock):
        while True:
            while self._waiting:
                rest = memoryview(next(iter(self._waiting.values())))
                while rest:
                    try:
                        sent = sock.send(rest)
                    except BlockingIOError:
                        yield
                        if not self._within:
                            break  # it may have been dropped meanwhile
                        continue
                    except OSError:
                        self._gone = self._ended = True
                        self._waiting.clear()
                        yield
                        return
                    if not self._within:
                        self._within = True
                        self._size -= len(self._waiting.popitem(last=False)[1])
                    rest = rest[sent:]
                    self._within = len(rest) > 0
            yield
