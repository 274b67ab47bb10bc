"""Each piece is decoded by itself."""


class FrameDecoder:
    def __init__(self, max_size):
        self.max_size = max_size
        self.tail = ""
        self.broken = False

    def feed(self, data):
        if self.broken:
            raise ValueError("a message was too long")
        *lines, self.tail = (self.tail + data.decode(errors="replace")).split("\n")
        if any(len(line.encode()) > self.max_size for line in [*lines, self.tail]):
            self.broken = True
            self.tail = ""
            raise ValueError("a message is too long")
        return lines
