"""One selector for both ears, and a queue for what the server does not take yet."""

import json
import os
import re
import selectors
import socket
import sys
from selectors import EVENT_READ, EVENT_WRITE

KEYBOARD = 0  # the descriptor of standard input
MOST_OWED = 1 << 20  # bytes: when more is owed, what is typed has to wait
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def chat(server, user):
    server.setblocking(False)
    Client(server, user).run()


class Client:
    def __init__(self, server, user):
        self.server, self.user = server, user
        self.selector = selector_for(KEYBOARD)
        self.typed = self.heard = b""  # unfinished lines
        self.owed = bytearray()
        self.typing = True  # more may come from the keyboard
        self.over = False

    def run(self):
        while not self.over:
            # register: what to wait for follows from what there is, anew for each turn.
            types = self.typing and len(self.owed) < MOST_OWED
            room = EVENT_WRITE if self.owed else 0
            self.watch(KEYBOARD, EVENT_READ if types else 0, self.read_keyboard)
            self.watch(self.server, EVENT_READ | room, self.serve)
            # wait: for whichever comes first.
            for key, events in self.selector.select():
                try:
                    key.data(events)
                except BlockingIOError:  # not ready after all, or no more room
                    pass
                except OSError:  # the server has broken off, or the terminal is gone
                    self.over = True

    def watch(self, handle, events, callback):
        watched = self.selector.get_map().get(handle)
        if watched and watched.events != events:
            self.selector.unregister(handle)
        if events and not (watched and watched.events == events):
            self.selector.register(handle, events, callback)

    # ------------------------------------------------------------- the keyboard

    def read_keyboard(self, _):
        # read: what there is, be it half a line or ten; b"" is the end of the input.
        data = os.read(KEYBOARD, 65536)
        self.typing = bool(data)
        *lines, self.typed = (self.typed + data).split(b"\n")
        if not self.typing and self.typed:  # a last line may lack its newline
            lines.append(self.typed)
        for line in lines:
            self.say(line.decode("utf-8", "replace"))
        self.write()

    def say(self, text):
        show(self.user, text)
        # buffer: owed until the kernel has taken it.
        self.owed += json.dumps({"user": self.user, "text": text}).encode() + b"\n"

    # --------------------------------------------------------------- the server

    def serve(self, events):
        if events & EVENT_WRITE:
            self.write()
        if events & EVENT_READ:
            self.read_server()

    def write(self):
        # write: as much as there is room for. At the end of all, the end of our own stream.
        if self.owed:
            del self.owed[: self.server.send(self.owed)]
        if not self.typing and not self.owed:
            self.server.shutdown(socket.SHUT_WR)

    def read_server(self):
        # read: b"" means that the server says no more.
        data = self.server.recv(65536)
        self.over = not data
        *lines, self.heard = (self.heard + data).split(b"\n")
        for line in lines:
            hear(line)


def selector_for(keyboard):
    """Return the best selector that takes this descriptor."""
    selector = selectors.DefaultSelector()
    try:
        selector.register(keyboard, EVENT_READ)
        selector.unregister(keyboard)
    except PermissionError:
        # epoll refuses files and /dev/null (epoll_ctl(2)); select() finds them ready always.
        selector.close()
        return selectors.SelectSelector()
    return selector


def hear(line):
    """Show one line of the server's, if it is a message."""
    try:
        message = json.loads(line.decode())
        user, text = message["user"], message["text"]
        f"{user}{text}".encode()  # half of a surrogate pair is no text (ValueError)
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    if isinstance(user, str) and isinstance(text, str):
        show(user, text)


def show(user, text):
    # What a stranger has sent must not reach the terminal as a command.
    print(f"[{harmless(user)}] {harmless(text)}")


def harmless(text):
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


if __name__ == "__main__":
    host, port, user = sys.argv[1:]
    with socket.create_connection((host, int(port))) as server:
        chat(server, user)
