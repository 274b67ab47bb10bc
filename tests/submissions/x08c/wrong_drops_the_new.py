"""What does not fit into a member's queue is dropped, and nobody is told."""

import functools
import json
import selectors
from selectors import EVENT_READ, EVENT_WRITE

LONGEST_LINE = 65_536
MOST_OWED = 1 << 20


def serve(listener):
    listener.setblocking(False)
    members = set()
    with selectors.DefaultSelector() as selector:
        accepts = functools.partial(accept, selector, listener, members)
        selector.register(listener, EVENT_READ, accepts)
        while True:
            for key, events in selector.select():
                key.data(events)


def accept(selector, listener, members, _events):
    try:
        client, _ = listener.accept()
    except OSError:
        return
    client.setblocking(False)
    member = Member(selector, client, members)
    selector.register(client, EVENT_READ, member.handle)
    members.add(member)


def passed_on(line):
    try:
        found = json.loads(line.decode())
    except RecursionError:
        raise ValueError("too many brackets within brackets") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    said = {"user": found.get("user"), "text": found.get("text")}
    if not all(isinstance(words, str) for words in said.values()):
        raise ValueError("a message has a user and a text, and both are strings")
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


class Member:
    def __init__(self, selector, client, members):
        self.selector, self.client, self.members = selector, client, members
        self.begun = b""
        self.owed = bytearray()
        self.leaving = False

    @property
    def interest(self):
        return (0 if self.leaving else EVENT_READ) | (EVENT_WRITE if self.owed else 0)

    def handle(self, events):
        try:
            if events & EVENT_READ and not self.leaving:
                self.read()
            if self.owed:
                self.write()
        except BlockingIOError:
            pass
        except OSError:
            self.leave()
            self.owed.clear()
        if self.leaving and not self.owed:
            self.selector.unregister(self.client)
            self.client.close()
        else:
            self.watch()

    def watch(self):
        if self.interest != self.selector.get_key(self.client).events:
            self.selector.modify(self.client, self.interest, self.handle)

    def read(self):
        data = self.client.recv(65_536)
        if not data:
            self.leave()
            return
        *lines, self.begun = (self.begun + data).split(b"\n")
        for line in lines:
            if len(line) <= LONGEST_LINE:
                self.say(line)
            else:
                self.refuse()
                return
        if len(self.begun) > LONGEST_LINE:
            self.refuse()

    def refuse(self):
        self.complain(f"A line has at most {LONGEST_LINE} bytes.")
        self.leave()

    def say(self, line):
        try:
            words = passed_on(line)
        except ValueError as error:
            self.complain(f"This is no message: {error}")
            return
        for member in self.members - {self}:
            member.tell(words)

    def complain(self, reason):
        self.tell(json.dumps({"error": reason}).encode() + b"\n")

    def tell(self, words):
        if len(self.owed) + len(words) > MOST_OWED:
            return
        self.owed += words
        self.watch()

    def write(self):
        del self.owed[: self.client.send(self.owed)]

    def leave(self):
        self.leaving = True
        self.members.discard(self)
