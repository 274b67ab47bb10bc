"""Other ends of line are taken for newlines, too."""


class FrameDecoder:
    def __init__(self, max_size):
        self.max_size = max_size
        self.tail = b""
        self.broken = False

    def feed(self, data):
        if self.broken:
            raise ValueError("a message was too long")
        *lines, self.tail = (self.tail + data).split(b"\n")
        if any(len(line) > self.max_size for line in [*lines, self.tail]):
            self.broken = True
            self.tail = b""
            raise ValueError("a message is too long")
        return [part for line in lines for part in line.decode().splitlines() or [""]]
