"""One thread and poll(): sends at once, keeps whole lines of what does not fit, in deques."""

import json
import select
from collections import deque

LONGEST_LINE = 65_536
MOST_OWED = 1_200_000
IN, OUT = select.POLLIN, select.POLLOUT


class Gone(Exception):
    pass


class Chat:
    def __init__(self, listener):
        self.listener = listener
        listener.setblocking(False)
        self.poll = select.poll()
        self.poll.register(listener, IN)
        self.members = {}

    def run(self):
        while True:
            for fd, events in self.poll.poll():
                if fd == self.listener.fileno():
                    self.accept()
                elif fd in self.members:
                    self.serve_one(self.members[fd], events)
            for member in [one for one in self.members.values() if one.over]:
                self.remove(member)

    def accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        client.setblocking(False)
        self.members[client.fileno()] = Member(client)
        self.poll.register(client, IN)

    def serve_one(self, member, events):
        try:
            if events & ~OUT and not member.parting:
                for line in member.lines():
                    self.say(member, line)
            member.flush()
        except (Gone, OSError):
            member.over = True
        self.watch(member)

    def say(self, speaker, line):
        message = understand(line)
        if message is None:
            speaker.tell(b'{"error": "That is no message."}\n')
            return
        for member in list(self.members.values()):
            if member is not speaker and not member.over:
                member.tell(message)
                self.watch(member)

    def watch(self, member):
        if not member.over:
            self.poll.modify(
                member.client, (0 if member.parting else IN) | (OUT if member.queue else 0)
            )

    def remove(self, member):
        self.poll.unregister(member.client)
        del self.members[member.client.fileno()]
        member.client.close()


class Member:
    def __init__(self, client):
        self.client = client
        self.pieces = []
        self.queue, self.owed = deque(), 0
        self.parting = self.over = False

    def lines(self):
        data = self.client.recv(8192)
        if not data:
            self.part()
        while data:
            head, newline, data = data.partition(b"\n")
            self.pieces.append(head)
            if sum(map(len, self.pieces)) > LONGEST_LINE:
                self.tell(b'{"error": "That line is too long."}\n')
                self.part()
                return
            if newline:
                line, self.pieces = b"".join(self.pieces), []
                yield line

    def tell(self, line):
        if self.parting:
            return
        if self.owed + len(line) > MOST_OWED:
            self.part()
            return
        self.queue.append(line)
        self.owed += len(line)
        if len(self.queue) == 1:
            try:
                self.flush()
            except (Gone, OSError):
                self.over = True

    def flush(self):
        while self.queue:
            try:
                sent = self.client.send(self.queue[0])
            except BlockingIOError:
                return
            self.owed -= sent
            if sent < len(self.queue[0]):
                self.queue[0] = self.queue[0][sent:]
                return
            self.queue.popleft()
        if self.parting:
            raise Gone

    def part(self):
        self.parting = True
        if not self.queue:
            self.over = True


def understand(line):
    try:
        found = json.loads(line.decode())
        said = {"user": found["user"] + "", "text": found["text"] + ""}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def serve(listener):
    Chat(listener).run()
