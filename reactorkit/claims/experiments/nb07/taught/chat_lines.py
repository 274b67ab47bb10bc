"""The article's chat with one repair: a message ends where a newline says so, both ways.

Lesson 07 compares it with chat_article. All other faults of the article's are still here.

Simplification: a line may be as long as it likes, so a client that never ends one takes memory
without a limit. reactorkit/chat/framing.py has a limit.
"""

import collections
import json
import selectors

BUFFER_SIZE = 65_536
Message = collections.namedtuple("Message", "user text")


class ChatServer:
    def __init__(self, listener):
        # create listener: the launcher did. Here it becomes non-blocking, like every member later.
        listener.setblocking(False)
        # register: whom to call stands beside the socket. A socket can be the key of a dict.
        self.queues = {}  # every member, and the messages that it is still to get
        self.rests = {}  # every member, and the beginning of a line that it has not ended yet
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ, self.accept)

    def run(self):
        while True:
            # wait: for a new member, for words, or for room to send some.
            for key, mask in self.selector.select():
                callback = key.data
                callback(key.fileobj, mask)

    def accept(self, listener, _):
        # accept: C87: who has reset the connection meanwhile has no name: getpeername() raises.
        member, _ = listener.accept()
        print(f"{member.getpeername()} hello!")
        member.setblocking(False)
        self.queues[member] = collections.deque()
        self.rests[member] = b""
        self.selector.register(member, selectors.EVENT_READ, self.read)

    def read(self, member, _):
        # read: whatever has arrived, which is a piece of a stream.
        data = member.recv(BUFFER_SIZE)
        if not data:
            self.remove(member)
            return
        # buffer: what stands behind the last newline is not a message yet.
        *lines, self.rests[member] = (self.rests[member] + data).split(b"\n")
        for line in lines:
            self.understand(member, line)

    def understand(self, member, data):
        try:
            said = json.loads(data)
            message = Message(said["user"], said["text"])
            print(f"{member.getpeername()}: [{message.user}] {message.text}")
        # C90: [1], null, a number, bytes that are no text: none of them ends here.
        except (json.JSONDecodeError, KeyError) as error:
            print(f"Not a message: {data!r} ({error!r})")
            return
        self.tell_everybody(message)

    def tell_everybody(self, message):
        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        # C79: everybody, and that includes the sender.
        for member, queue in self.queues.items():
            # C93: it is non-blocking already, and stays so.
            member.setblocking(False)
            self.selector.modify(member, both, self.read_and_write)
            # buffer: C81: without a limit, for a member that never reads.
            queue.append(message)

    def read_and_write(self, member, mask):
        if mask & selectors.EVENT_READ:
            self.read(member, mask)
        # C95: if it has just left, it has no queue any more.
        if mask & selectors.EVENT_WRITE:
            self.write(member, mask)

    def write(self, member, _):
        queue = self.queues[member]
        while queue:
            message = queue.popleft()
            try:
                # write: a JSON object on a line of its own. C97: what send() does not take is lost.
                member.send(json.dumps(message._asdict()).encode() + b"\n")
            except Exception as error:  # noqa: BLE001 - C81: a full buffer is an error here, too
                print("Not sent:", error)
                self.remove(member)
                return
        member.setblocking(False)  # C93
        self.selector.modify(member, selectors.EVENT_READ, self.read)

    def remove(self, member):
        # close: C98: a connection that was reset has no name, so that its removal ends the server.
        print(f"{member.getpeername()} bye!")
        self.selector.unregister(member)
        del self.queues[member]
        del self.rests[member]
        member.close()


def serve(listener):
    ChatServer(listener).run()
