"""A member that cannot be sent to is removed while the loop goes over the members."""

import json
import selectors
from selectors import EVENT_READ, EVENT_WRITE

LONGEST_LINE = 65_536
MOST_OWED = 1 << 20


def serve(listener):
    listener.setblocking(False)
    members = {}
    with selectors.DefaultSelector() as selector:
        selector.register(listener, EVENT_READ)
        while True:
            for key, events in selector.select():
                if key.fileobj is listener:
                    accept(selector, listener, members)
                elif key.fileobj in members:
                    members[key.fileobj].handle(events)


def accept(selector, listener, members):
    try:
        client, _ = listener.accept()
    except OSError:
        return
    client.setblocking(False)
    members[client] = Member(selector, client, members)
    selector.register(client, EVENT_READ)


class Member:
    def __init__(self, selector, client, members):
        self.selector, self.client, self.members = selector, client, members
        self.begun, self.owed, self.leaving = b"", bytearray(), False

    def handle(self, events):
        if events & EVENT_READ and not self.leaving:
            self.read()
        if self.client in self.members:
            self.write()

    def read(self):
        try:
            data = self.client.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if not data:
            self.leaving = True
            return
        *lines, self.begun = (self.begun + data).split(b"\n")
        for line in [*lines, self.begun]:
            if len(line) > LONGEST_LINE:
                self.tell(b'{"error": "too long"}\n')
                self.leaving = True
                return
        for line in lines:
            self.hear(line)

    def hear(self, line):
        try:
            words = message(line)
        except (ValueError, RecursionError):
            self.tell(b'{"error": "no message"}\n')
            return
        for member in self.members.values():
            if member is not self:
                member.tell(words)

    def tell(self, words):
        if self.leaving:
            return
        self.owed += words
        if len(self.owed) > MOST_OWED:
            self.leaving = True
        if len(self.owed) == len(words):
            self.write()

    def write(self):
        try:
            del self.owed[: self.client.send(self.owed)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if self.leaving and not self.owed:
            self.close()
            return
        reads = 0 if self.leaving else EVENT_READ
        self.selector.modify(self.client, reads | (EVENT_WRITE if self.owed else 0))

    def close(self):
        self.selector.unregister(self.client)
        del self.members[self.client]
        self.client.close()


def message(line):
    found = json.loads(line.decode())
    if not isinstance(found, dict):
        raise ValueError
    user, text = found.get("user"), found.get("text")
    if not isinstance(user, str) or not isinstance(text, str):
        raise ValueError
    return json.dumps({"user": user, "text": text}, ensure_ascii=False).encode() + b"\n"
