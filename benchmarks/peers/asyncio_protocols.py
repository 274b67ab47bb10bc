"""Echo and chat as protocols of asyncio: what uvloop and asyncio are measured with.

asyncio's fast way: a method for what has arrived, a write() for what goes out, no stream, no task.
Chat is the kit's own (one JSON object a line, to everybody but the sender), once with a send for
each message and member, once with all messages of a turn of the loop in one send for each member.
"""

import asyncio
import json


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Chat(asyncio.Protocol):
    """Every message is sent to every member as soon as it has been understood."""

    members = {}  # noqa: RUF012 - all connections share it
    tail = b""

    def connection_made(self, transport):
        self.transport = transport
        self.members[self] = transport.write

    def connection_lost(self, _):
        del self.members[self]

    def data_received(self, data):
        *lines, self.tail = (self.tail + data).split(b"\n")
        for line in lines:
            self.tell(encoded(line))

    def tell(self, line):
        for member, write in self.members.items():
            if member is not self:
                write(line)


class ChatByTurns(Chat):
    """What arrives in one turn of the loop leaves in one send for each member."""

    gathered = []  # noqa: RUF012 - all connections share it

    def tell(self, line):
        if not self.gathered:
            asyncio.get_running_loop().call_soon(self.flush)
        self.gathered.append((self, line))

    def flush(self):
        everything = b"".join(line for _, line in self.gathered)
        speakers = {speaker for speaker, _ in self.gathered}
        for member, write in self.members.items():
            if member not in speakers:
                write(everything)
            elif others := b"".join(line for who, line in self.gathered if who is not member):
                write(others)
        self.gathered.clear()


def encoded(line):
    """Return the line that goes out for one that came in; ValueError, TypeError, KeyError: none."""
    said = json.loads(line)
    return json.dumps({"user": str(said["user"]), "text": str(said["text"])}).encode() + b"\n"


async def main(listener, protocol):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, sock=listener, backlog=1024)
    await server.serve_forever()
