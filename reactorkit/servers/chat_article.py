"""A chat in one loop: each message goes into a queue for every member, and out when there is room.

This is the design of the article that the course follows, written anew with its faults. Each fault
is marked with the claim that measures it: `ledger("C89")` tells more.

Stops working at the first surprise: two messages in one segment, JSON that is no object, a client
that resets its connection, or one that leaves right after a word.

Rung 11. Next: chat_reactor keeps the queues, and survives all of that.
"""

import collections
import json
import selectors

BUFFER_SIZE = 1024
Message = collections.namedtuple("Message", "user text")


class ChatServer:
    def __init__(self, listener):
        # create listener: the launcher did. Here it becomes non-blocking, like every member later.
        listener.setblocking(False)
        # register: whom to call stands beside the socket. A socket can be the key of a dict.
        self.queues = {}  # every member, and the messages that it is still to get
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
        self.selector.register(member, selectors.EVENT_READ, self.read)

    def read(self, member, _):
        # read: C89: one recv() is taken for one message. C98: after a reset it raises.
        data = member.recv(BUFFER_SIZE)
        if data:
            self.understand(member, data)
        else:
            self.remove(member)

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
                # write: C97: what send() does not take is lost. C101: nothing ends a message.
                member.send(f"[{message.user}] {message.text}".encode())
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
        member.close()


def serve(listener):
    ChatServer(listener).run()
