"""An incremental decoder, and a generator that is sent to."""

import codecs


class TooLong(ValueError):
    pass


class FrameDecoder:
    def __init__(self, max_size):
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._max, self._size, self._text = max_size, 0, ""
        self._over = False

    def feed(self, data):
        found = []
        first = True
        for part in data.split(b"\n"):
            if not first:
                found.append(self._text)
                self._size, self._text = 0, ""
            first = False
            self._size += len(part)
            self._over = self._over or self._size > self._max
            if self._over:
                raise TooLong(self._size)
            self._text += self._decode(part)
        return found
