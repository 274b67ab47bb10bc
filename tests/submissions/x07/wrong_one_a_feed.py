"""One feed, one message at most."""


class FrameDecoder:
    def __init__(self, max_size):
        self.max_size = max_size
        self.tail = b""
        self.broken = False

    def feed(self, data):
        if self.broken:
            raise ValueError("a message was too long")
        line, newline, rest = (self.tail + data).partition(b"\n")
        lines, self.tail = ([line], rest) if newline else ([], line)
        if any(len(line) > self.max_size for line in [*lines, self.tail]):
            self.broken = True
            self.tail = b""
            raise ValueError("a message is too long")
        return [line.decode() for line in lines]
