"""Two blocking threads for each member, and between them a queue that is counted in bytes."""

import json
import socket
import threading
from collections import deque

LONGEST_LINE = 65_536
MOST_OWED = 1_500_000


class Room:
    def __init__(self):
        self.lock = threading.Lock()
        self.members = []

    def join(self, member):
        with self.lock:
            self.members.append(member)

    def leave(self, member):
        with self.lock:
            if member in self.members:
                self.members.remove(member)

    def say(self, speaker, line):
        # Under the lock, so that all members hear the same order.
        with self.lock:
            for member in self.members:
                if member is not speaker:
                    member.put(line)


class Member:
    def __init__(self, room, client):
        self.room, self.client = room, client
        self.changed = threading.Condition()
        self.queue, self.owed, self.leaving = deque(), 0, False

    def put(self, line):
        with self.changed:
            if not self.leaving:
                self.queue.append(line)
                self.owed += len(line)
                self.leaving = self.owed > MOST_OWED
                self.changed.notify()

    def leave(self):
        self.room.leave(self)
        with self.changed:
            self.leaving = True
            self.changed.notify()

    def live(self):
        writer = threading.Thread(target=self.write, daemon=True)
        writer.start()
        try:
            self.read()
        except OSError:
            pass
        self.leave()
        writer.join()
        self.client.close()

    def read(self):
        rest = b""
        while data := self.client.recv(16_384):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if len(line) > LONGEST_LINE:
                    return self.put(b'{"error": "too long"}\n')
                self.hear(line)
            if len(rest) > LONGEST_LINE:
                return self.put(b'{"error": "too long"}\n')
        return None

    def hear(self, line):
        message = understand(line)
        if message is None:
            self.put(b'{"error": "not a message"}\n')
        else:
            self.room.say(self, message)

    def write(self):
        try:
            while True:
                with self.changed:
                    self.changed.wait_for(lambda: self.queue or self.leaving)
                    if not self.queue:
                        break
                    line = self.queue.popleft()
                self.client.sendall(line)
                with self.changed:
                    self.owed -= len(line)
            # Wakes up the reader as well.
            self.client.shutdown(socket.SHUT_RDWR)
        except OSError:
            self.leave()


def understand(line):
    try:
        found = json.loads(str(line, "utf-8"))
        if isinstance(found, dict):
            user, text = found.get("user"), found.get("text")
            if isinstance(user, str) and isinstance(text, str):
                f"{user}{text}".encode()
                return json.dumps({"text": text, "user": user}).encode() + b"\n"
    except (ValueError, RecursionError):
        pass
    return None


def serve(listener):
    room = Room()
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            continue
        member = Member(room, client)
        room.join(member)
        threading.Thread(target=member.live, daemon=True).start()
