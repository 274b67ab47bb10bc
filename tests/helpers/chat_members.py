"""Members of a chat, made of sockets: they say lines, and tell what they hear, line by line."""

import contextlib
import json

from reactorkit.chat.framing import LineFramer

TIME = 30.0  # seconds that any wait may take, however busy the machine is


def said(user, text):
    """Return a message as a line."""
    return json.dumps({"user": user, "text": text}).encode() + b"\n"


class Member:
    """One member on a connected socket, which it closes at the end of a `with` block."""

    def __init__(self, sock, user="somebody"):
        self.sock, self.user = sock, user
        self._framer, self._lines = LineFramer(1 << 30), []
        sock.settimeout(TIME)

    def says(self, *texts):
        """Send the messages in one piece."""
        self.sock.sendall(b"".join(said(self.user, text) for text in texts))

    def next_line(self):
        """Return the next line as a value; None at the end of the stream."""
        while not self._lines:
            data = self.sock.recv(1 << 20)
            if not data:
                assert not self._framer.unfinished, "the stream has ended within a line"
                return None
            self._lines += self._framer.feed(data)
        return json.loads(self._lines.pop(0))

    def hears(self, number=1):
        """Return the next messages as (user, text); an AssertionError is anything else."""
        heard = []
        for _ in range(number):
            line = self.next_line()
            assert line is not None and line.keys() == {"user", "text"}, (line, len(heard))
            heard.append((line["user"], line["text"]))
        return heard

    def is_told(self):
        """Return the reason of the complaint that comes next."""
        line = self.next_line()
        assert line is not None and line.keys() == {"error"}, line
        return line["error"]

    def hears_the_end(self):
        """Wait for the end of the stream; nothing else comes before it."""
        assert self.next_line() is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


@contextlib.contextmanager
def members(server, *users, **options):
    """Connect members of these names; all of them are in the room when the block begins."""
    with contextlib.ExitStack() as stack:
        everybody = [
            stack.enter_context(Member(server.connect(**options).sock, user)) for user in users
        ]
        # Clients are accepted in the order in which they came, so the last one is in last.
        everybody[-1].says("Here I am.")
        for one in everybody[:-1]:
            assert one.hears() == [(users[-1], "Here I am.")]
        yield everybody
