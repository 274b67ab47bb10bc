"""A chat on one thread: what a member is owed says what to wait for, and only it closes itself."""

import functools
import json
import selectors
from selectors import EVENT_READ, EVENT_WRITE

LONGEST_LINE = 65_536  # bytes, without the newline
MOST_OWED = 1 << 20  # bytes: a member that is owed more has to leave


def serve(listener):
    listener.setblocking(False)
    members = set()
    with selectors.DefaultSelector() as selector:
        # register: with each socket, what to call when it is ready.
        accepts = functools.partial(accept, selector, listener, members)
        selector.register(listener, EVENT_READ, accepts)
        while True:
            # wait: for all of them at once.
            for key, events in selector.select():
                key.data(events)


def accept(selector, listener, members, _events):
    # accept: a client may be gone again before we come to it. Simplification: when no descriptor is
    # left, this goes round and round; Acceptor in reactorkit.reactor shuts the door for a while.
    try:
        client, _ = listener.accept()
    except OSError:
        return
    client.setblocking(False)
    member = Member(selector, client, members)
    selector.register(client, EVENT_READ, member.handle)
    members.add(member)


def passed_on(line):
    """Return the line that the others get; ValueError when this one is no message."""
    try:
        found = json.loads(line.decode())
    except RecursionError:
        raise ValueError("too many brackets within brackets") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    said = {"user": found.get("user"), "text": found.get("text")}
    if not all(isinstance(words, str) for words in said.values()):
        raise ValueError("a message has a user and a text, and both are strings")
    # JSON can spell half of a surrogate pair. UTF-8 cannot: encode() raises a ValueError as well.
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


class Member:
    """One connection. Others put lines into `owed`; whatever else happens to it, it does itself.

    So no loop over the members, and none over the events of a turn, is ever out of date.
    """

    def __init__(self, selector, client, members):
        self.selector, self.client, self.members = selector, client, members
        self.begun = b""  # the line that has not ended yet
        self.owed = bytearray()
        self.leaving = False  # gets what it is owed, and that is all

    @property
    def interest(self):
        return (0 if self.leaving else EVENT_READ) | (EVENT_WRITE if self.owed else 0)

    def handle(self, events):
        try:
            if events & EVENT_READ and not self.leaving:
                self.read()
            if self.owed:
                self.write()
        except BlockingIOError:  # not ready after all, or no more room
            pass
        except OSError:  # reset: nobody is there who could be owed anything
            self.leave()
            self.owed.clear()
        # close: when it has to leave, and has got everything.
        if self.leaving and not self.owed:
            self.selector.unregister(self.client)
            self.client.close()
        else:
            self.watch()

    def watch(self):
        # A selector refuses a socket that is watched for nothing, so who leaves is owed something,
        # or closes at once.
        if self.interest != self.selector.get_key(self.client).events:
            self.selector.modify(self.client, self.interest, self.handle)

    # -------------------------------------------------------- what it says

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
        if len(self.begun) > LONGEST_LINE:  # judged before its newline has come
            self.refuse()

    def refuse(self):
        # Simplification: if more of the line is on its way, close() sends a reset, which may
        # destroy the complaint. A patient server would read on until the client's stream ends.
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

    # ------------------------------------------------- what it is told

    def tell(self, words):
        # buffer: whole lines, as many as fit. Who cannot keep up gets these, and then the end.
        if len(self.owed) + len(words) > MOST_OWED:
            self.leave()
            return
        self.owed += words
        self.watch()

    def write(self):
        # write: what the kernel does not take stays owed.
        del self.owed[: self.client.send(self.owed)]

    def leave(self):
        self.leaving = True
        self.members.discard(self)
