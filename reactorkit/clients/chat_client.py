"""Two ears, one loop: the keyboard and the server are two handles, and one call waits for both.

Who waits for the keyboard does not hear the server meanwhile, and who waits for the server cannot
type. So this client waits for whichever comes first. It does not wait for room either: what the
server does not take yet is owed, and typing goes on.

At the end of what is typed it sends the rest, ends its own stream, and prints what still comes,
until the server closes or nothing has moved for some seconds.

Stops working on Windows, where select() takes nothing but sockets.

    python -m reactorkit chat 5000 --user Ann
"""

import argparse
import io
import os
import re
import selectors
import socket
import sys

from reactorkit.chat.framing import LONGEST_LINE, LineFramer
from reactorkit.chat.messages import Message, NotAMessage, encode, parse, reason_in

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
MOST_OWED = 1 << 24  # bytes: beyond them, what is typed stays with the terminal or the pipe
PATIENCE = 5.0  # seconds that nothing moves, at the end


class ChatClient:
    """The keyboard is a descriptor: of a terminal, a pipe or a file."""

    def __init__(self, server, keyboard, user):
        server.setblocking(False)
        self.server, self.keyboard, self.user = server, keyboard, user
        self.selector = selector_for(keyboard)
        self.typed, self.heard = LineFramer(MOST_OWED), LineFramer()
        self.owed = bytearray()
        self.typing = True  # more may come from the keyboard
        self.talking = True  # our stream to the server is open
        self.over = False
        self.trouble = ""

    def run(self):
        """Talk until it is over; returns what went wrong, or an empty string."""
        while not self.over:
            # register: what we wait for follows from what we have, anew for each turn.
            types = self.typing and len(self.owed) < MOST_OWED
            self.watch(self.keyboard, READ if types else 0, self.handle_keyboard)
            self.watch(self.server, READ | WRITE if self.owed else READ, self.handle_server)
            # wait: for the keyboard and the server at once.
            ready = self.selector.select(None if self.typing else PATIENCE)
            if not ready:
                self.lose_patience()
            for key, mask in ready:
                key.data(mask)
        self.selector.close()
        return self.trouble

    def watch(self, handle, interest, callback):
        watched = self.selector.get_map().get(handle)
        if watched is None:
            if interest:
                self.selector.register(handle, interest, callback)
        elif not interest:
            self.selector.unregister(handle)
        elif interest != watched.events:
            self.selector.modify(handle, interest, callback)

    # ------------------------------------------------------------- the keyboard

    def handle_keyboard(self, _):
        # read: what there is, be it half a line or ten. Not with readline(): it takes ten and
        # returns one, and select() knows nothing of the nine in Python's buffer.
        try:
            data = os.read(self.keyboard, 65536)
        except OSError:  # the terminal is gone
            data = b""
        if not data:
            self.typing = False
        for line in self.typed.feed(data or b"\n"):  # a last line may lack its newline
            self.say(line.rstrip(b"\r").decode("utf-8", "replace"))
        if self.typed.too_long:
            self.typing = False
        self.send()

    def say(self, text):
        if not text.strip():
            return
        line = encode(Message(self.user, text))
        if len(line.rstrip()) > LONGEST_LINE:
            print(f"Not sent: a message has at most {LONGEST_LINE} bytes.", file=sys.stderr)
            return
        show(self.user, text)
        # buffer: owed until the kernel has taken it, which may be never. We do not wait for it.
        self.owed += line

    # --------------------------------------------------------------- the server

    def handle_server(self, mask):
        if mask & WRITE:
            self.send()
        if mask & READ:
            self.receive()

    def send(self):
        # write: as much as fits into the kernel's buffer. The rest stays owed.
        try:
            if self.owed:
                del self.owed[: self.server.send(self.owed)]
            if self.talking and not self.typing and not self.owed:
                self.talking = False
                self.server.shutdown(socket.SHUT_WR)
        except BlockingIOError:  # it is full: the server does not read
            return
        except OSError as error:  # it is gone, but what it said before can still be read
            self.lose(error)

    def receive(self):
        # read: what has arrived so far; b"" means that the server sends no more.
        try:
            data = self.server.recv(65536)
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            return
        except OSError as error:
            self.lose(error)
            data = b""
        for line in self.heard.feed(data):
            hear(line)
        if self.heard.too_long:
            self.end("What is there does not speak as a chat server does: its line does not end.")
        elif not data:
            self.end("The server has closed the connection." if self.talking else "")

    def lose(self, error):
        self.trouble = f"The server is gone ({error.strerror})."
        self.typing = self.talking = False
        self.owed.clear()

    def lose_patience(self):
        owed = len(self.owed)
        self.end(f"The server has not taken the last {owed} bytes." if owed else "")

    def end(self, trouble):
        # close: the one who opened it does, at the end of main().
        self.trouble = self.trouble or trouble
        self.over = True


def selector_for(keyboard):
    """Return the best selector that takes the keyboard, whatever it is."""
    selector = selectors.DefaultSelector()
    try:
        selector.register(keyboard, READ)
        selector.unregister(keyboard)
    except OSError:
        # epoll refuses a regular file and /dev/null (epoll_ctl(2), EPERM): there is nothing to wait
        # for. select() takes them, and finds them ready always.
        selector.close()
        return selectors.SelectSelector()
    return selector


def hear(line):
    """Print one line of the server's."""
    try:
        message = parse(line)
    except NotAMessage:
        reason = reason_in(line) or "something that is no message"
        print(f"The server says: {harmless(reason)}", file=sys.stderr)
    else:
        show(message.user, message.text)


def show(user, text):
    """Print what somebody has said."""
    print(f"[{harmless(user)}] {harmless(text)}", flush=True)


def harmless(text):
    """Return the text without the characters that a terminal obeys instead of printing them."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


def arguments(argv):
    """Return host, port and user of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit chat",
        description="Chat: what you type goes to everybody else who is there. Ctrl-D ends.",
        epilog="`python -m reactorkit serve chat_reactor --port 5000` opens a room.",
    )
    parser.add_argument("host", nargs="?", default="127.0.0.1", help="%(default)s if left out")
    parser.add_argument("port", type=int)
    name = os.environ.get("USER") or "somebody"
    parser.add_argument("--user", default=name, help="the name that the others see (%(default)s)")
    options = parser.parse_args(argv)
    if not 0 < options.port < 65536:
        parser.error(f"{options.port} is not a port: ports are numbers from 1 to 65535")
    # The command line may hold bytes that are no text (PEP 383), and UTF-8 cannot say those.
    options.user = options.user.encode("utf-8", "replace").decode()
    return options


def keyboard():
    """Return the descriptor to read from: of /dev/null if this process has no standard input."""
    return os.open(os.devnull, os.O_RDONLY) if sys.stdin is None else sys.stdin.fileno()


def main(argv=None):
    """Chat from the command line; returns the exit status."""
    options = arguments(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal can show everything
    try:
        server = socket.create_connection((options.host, options.port))
    except OSError as error:
        print(
            f"No server answers at {options.host} {options.port} ({error.strerror or error}). "
            "Start one with `python -m reactorkit serve chat_reactor --port 5000`.",
            file=sys.stderr,
        )
        return 1
    with server:
        try:
            trouble = ChatClient(server, keyboard(), options.user).run()
        except KeyboardInterrupt:  # Ctrl-C: whoever is in a hurry
            print()
            return 0
    if trouble:
        print(trouble, file=sys.stderr)
    return 1 if trouble else 0
