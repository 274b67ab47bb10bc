"""One call for both events: the reading half lets a member go, and the writing half goes on."""

import json
import selectors
from collections import deque
from selectors import EVENT_READ, EVENT_WRITE

LONGEST_LINE = 65_536
MOST_OWED = 1 << 20


class Chat:
    def __init__(self, listener):
        listener.setblocking(False)
        self.queues, self.begun, self.leaving = {}, {}, set()
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, EVENT_READ, self.accept)

    def run(self):
        while True:
            for key, mask in self.selector.select():
                key.data(key.fileobj, mask)

    def accept(self, listener, _):
        try:
            member, _ = listener.accept()
        except OSError:
            return
        member.setblocking(False)
        self.queues[member], self.begun[member] = deque(), b""
        self.selector.register(member, EVENT_READ, self.read_and_write)

    def read_and_write(self, member, mask):
        if mask & EVENT_READ and member not in self.leaving:
            self.read(member)
        if mask & EVENT_WRITE:
            self.write(member)

    def read(self, member):
        try:
            data = member.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.remove(member)
            return
        *lines, self.begun[member] = (self.begun[member] + data).split(b"\n")
        for line in [*lines, self.begun[member]]:
            if len(line) > LONGEST_LINE:
                self.tell(member, b'{"error": "too long"}\n')
                self.leave(member)
                return
        for line in lines:
            self.hear(member, line)

    def hear(self, speaker, line):
        try:
            words = message(line)
        except (ValueError, RecursionError):
            self.tell(speaker, b'{"error": "no message"}\n')
            return
        for member in self.queues:
            if member is not speaker:
                self.tell(member, words)

    def tell(self, member, words):
        if member in self.leaving:
            return
        self.queues[member].append(words)
        if sum(map(len, self.queues[member])) > MOST_OWED:
            self.leave(member)
        else:
            self.selector.modify(member, EVENT_READ | EVENT_WRITE, self.read_and_write)

    def leave(self, member):
        self.leaving.add(member)
        self.selector.modify(member, EVENT_WRITE, self.read_and_write)

    def write(self, member):
        queue = self.queues[member]
        try:
            while queue:
                sent = member.send(queue[0])
                queue[0] = queue[0][sent:]
                if queue[0]:
                    return
                queue.popleft()
        except BlockingIOError:
            return
        except OSError:
            self.remove(member)
            return
        if member in self.leaving:
            self.remove(member)
        else:
            self.selector.modify(member, EVENT_READ, self.read_and_write)

    def remove(self, member):
        self.selector.unregister(member)
        self.leaving.discard(member)
        del self.queues[member], self.begun[member]
        member.close()


def message(line):
    found = json.loads(line.decode())
    if not isinstance(found, dict):
        raise ValueError
    user, text = found.get("user"), found.get("text")
    if not isinstance(user, str) or not isinstance(text, str):
        raise ValueError
    return json.dumps({"user": user, "text": text}, ensure_ascii=False).encode() + b"\n"


def serve(listener):
    Chat(listener).run()
