"""Send a line, wait until all of it has come back: TCP carries bytes, not messages.

recv() returns what has arrived, and that may be half an answer. A client that calls it only once
shows that half, and the other half as the answer to its next question. So this one counts.

Stops working with a line of many megabytes: while we are still inside sendall(), the server
waits for us to read. Both wait for ever. A client that can do both at once needs a selector.

    python -m reactorkit echo 127.0.0.1 8000
"""

import argparse
import socket
import sys


def ask(server, message):
    """Send the message, and return the same number of bytes from the server."""
    # write: all of it, however many calls of send() that takes.
    server.sendall(message)
    # read: until the count is right. b"" means that the server sends no more.
    reply = b""
    while len(reply) < len(message):
        data = server.recv(65536)
        if not data:
            raise ConnectionError(f"it left after {len(reply)} of {len(message)} bytes")
        reply += data
    return reply


def talk(server, lines):
    """Ask one question per line, and print each answer."""
    for line in lines:
        reply = ask(server, line)
        print(reply.decode("utf-8", "replace"), end="", flush=True)


def main(argv=None):
    """Talk to an echo server from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit echo",
        description="Send each line that you type to an echo server. Ctrl-D ends.",
    )
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    options = parser.parse_args(argv)
    if not 0 < options.port < 65536:
        parser.error(f"{options.port} is not a port: ports are numbers from 1 to 65535")
    try:
        server = socket.create_connection((options.host, options.port))
    except OSError as error:
        print(
            f"No server answers at {options.host} {options.port} ({error.strerror or error}). "
            "Start one with `python -m reactorkit serve echo_threads`.",
            file=sys.stderr,
        )
        return 1
    with server:  # close: at the end of the block
        try:
            talk(server, sys.stdin.buffer)
        except ConnectionError as error:
            print(f"The server is gone ({error}).", file=sys.stderr)
            return 1
        except KeyboardInterrupt:  # Ctrl-C: the same as Ctrl-D here
            print()
    return 0
