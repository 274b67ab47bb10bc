"""Start a server that can be watched: `python -m reactorkit.probe CHANNEL serve TARGET ...`.

CHANNEL is the number of an inherited socket, or the path of a Unix socket that somebody listens
on. Events go out on it and commands come in. The rest is what `python -m reactorkit` takes.
"""

from __future__ import annotations

import _socket
import sys

from reactorkit.errors import KitError

USAGE = "usage: python -m reactorkit.probe CHANNEL serve NAME|FILE [--host HOST] [--port PORT]"


def main(words: list[str]) -> int:
    """Install the probe, then serve; returns the exit status."""
    if len(words) < 3 or words[1] != "serve":
        print(USAGE, file=sys.stderr)
        return 2
    try:
        fd = connect(words[0])
    except KitError as error:
        print(error, file=sys.stderr)
        return 2
    from reactorkit.probe.install import install  # not before the words are known to be right

    target = next((word for word in words[2:] if not word.startswith("-")), "server")
    channel = install(fd, target)
    from reactorkit import launcher  # everything it loads meets what has been replaced

    code = 1
    try:
        code = launcher.main(words[2:])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
        raise
    finally:
        channel.close(code)
    return code


def connect(word: str) -> int:
    """Return the descriptor of the channel."""
    if word.isascii() and word.isdigit():
        return int(word)
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.connect(word)
    except OSError as error:
        raise KitError(f"Nobody listens at {word}, so nobody would see anything.") from error
    return sock.detach()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
