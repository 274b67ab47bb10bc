"""Cut a stream of bytes into lines: TCP keeps the order of bytes, not where a message ends."""

LONGEST_LINE = 65_536  # bytes, without the newline


class LineFramer:
    """Bytes in, whole lines out; the unfinished last one waits for its rest.

    A line over the limit sets `too_long`, without waiting for its newline. From then on nothing
    comes out: whoever sends such lines does not keep to the rules, and where the next one begins
    would have to be guessed.
    """

    __slots__ = ("_rest", "limit", "too_long")

    def __init__(self, limit=LONGEST_LINE):
        self.limit = limit
        self.too_long = False
        self._rest = b""

    @property
    def unfinished(self):
        """How many bytes wait for their newline."""
        return len(self._rest)

    def feed(self, data):
        """Take what has arrived; return the lines that it completes, without their newlines."""
        if self.too_long:
            return []
        data = self._rest + data
        *lines, self._rest = data.split(b"\n")
        if len(data) > self.limit:  # else no line in it can be longer
            lines = self._within_the_limit(lines)
        return lines

    def _within_the_limit(self, lines):
        """Return the lines before the first one that is too long, and stop there."""
        for place, line in enumerate([*lines, self._rest]):
            if len(line) > self.limit:
                self.too_long = True
                self._rest = b""
                return lines[:place]
        return lines
