"""Bytes first: cut at newlines, keep the rest, and decode whole messages only."""


class FrameDecoder:
    def __init__(self, max_size):
        self.max_size = max_size
        self._tail = b""
        self._refused = False

    def feed(self, data):
        if self._refused:
            raise ValueError("an earlier message was too long")
        *lines, self._tail = (self._tail + data).split(b"\n")
        # The unfinished message counts as well: its newline may never come.
        if any(len(line) > self.max_size for line in [*lines, self._tail]):
            self._refused, self._tail = True, b""
            raise ValueError(f"a message has more than {self.max_size} bytes")
        return [line.decode() for line in lines]
