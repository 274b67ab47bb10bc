"""Chunks in a deque, joined when the newline comes."""

from collections import deque


class FrameDecoder:
    def __init__(self, max_size):
        self.max_size = max_size
        self.chunks = deque()
        self.size = 0

    def take(self, piece):
        self.chunks.append(piece)
        self.size += len(piece)
        if self.size > self.max_size:
            self.chunks.clear()
            raise ValueError("too long")

    def feed(self, data):
        if self.size > self.max_size:
            raise ValueError("too long, earlier")
        messages = []
        while True:
            piece, newline, data = data.partition(b"\n")
            self.take(piece)
            if not newline:
                return messages
            messages.append(b"".join(self.chunks).decode())
            self.chunks.clear()
            self.size = 0
