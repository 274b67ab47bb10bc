"""The chat, finished: whole messages, bounded queues, and one member's trouble is its own.

What a line is, what a message is and who hears it stands in reactorkit.chat, which knows no socket.
How to wait and whom to call stands in reactorkit.reactor, which knows no chat. Here is what lies
between: a member's socket, and the limits that keep one member from being everybody's trouble.

Stops working when one core cannot do all the sending: each word goes out once for each member, so
a room with twice as many people has four times as much to do.

Rung 12. This is where the walk ends.
"""

import functools
import signal
import socket
import time

from reactorkit.chat.framing import LineFramer
from reactorkit.chat.messages import NotAMessage, complaint, encode, parse
from reactorkit.chat.room import Outbox, Room
from reactorkit.reactor import READ, WRITE, Acceptor, EventHandler, Reactor

# What one member may take of everybody's memory and time.
LONGEST_LINE = 65536  # bytes; more in a line, and it has to leave
OWED_AT_MOST = 1 << 20  # bytes that it does not fetch; more, and it has to leave
OWED_TO_A_SPEAKER = 65536  # bytes that it does not fetch; more, and it is not listened to meanwhile
READ_AT_ONCE = 16384  # bytes; then the others have their turn
LINES_AT_ONCE = 64
REST = 0.001  # seconds until a member that has said more than that is listened to again

# How many seconds it has.
TO_END_A_LINE = 30
TO_SAY_SOMETHING = 3600
TO_FETCH_THE_REST = 60  # when it sends no more
TO_LEAVE = 3  # when it was told that it has to
LOOK_EVERY = 5  # between two looks at the clock for the first two of these
GRACE = 2  # when the server ends


def serve(listener):
    # create listener: the launcher did, with socket(), bind() and listen().
    reactor, room = Reactor(), Room()
    # register: one handler, which registers a Member for each client that it accepts.
    reactor.register_handler(Acceptor(reactor, listener, functools.partial(Member, room)))
    reactor.call_every(LOOK_EVERY, look_at_the_clock, room)
    for number in (signal.SIGINT, signal.SIGTERM):
        reactor.on_signal(number, end, reactor, room)
    # wait: run() does, for everybody at once.
    # accept: Acceptor does. When descriptors run out it pauses, and the room talks on.
    reactor.run()


def hand_out(reactor, room, known=0, turns=8):
    # As long as turns bring something new, listen to one more, which waits for nothing (see Room).
    if turns and room.gathered > known:
        reactor.call_soon(hand_out, reactor, room, room.gathered, turns - 1)
        return
    for member, words in room.hand_out():
        member.tell(words)


def look_at_the_clock(room):
    for member in room:
        member.check_time(time.monotonic())


def end(reactor, room):
    for member in room:
        member.hear_the_rest()
    hand_out(reactor, room, turns=0)
    reactor.stop(GRACE)  # calls handle_stop


class Member(EventHandler):
    __slots__ = ("ended", "framer", "leaving", "lines", "outbox", "resting", "room", "since")

    def __init__(self, room, reactor, client):
        super().__init__(reactor, client)
        self.room = room
        self.framer = LineFramer(LONGEST_LINE)
        self.lines = []  # have arrived, and are still to be heard
        self.outbox = Outbox(OWED_AT_MOST)
        self.resting = False
        self.leaving = False  # gets what it is owed, and that is all
        self.ended = False  # nothing more is read from it
        self.since = time.monotonic()  # when its silence began, or the line that it is within
        room.join(self)

    @property
    def interest(self):
        # Back-pressure: what we do not read fills the buffers on the way, then the sender waits.
        listens = not (self.ended or self.resting or len(self.outbox) > OWED_TO_A_SPEAKER)
        return (READ if listens else 0) | (WRITE if self.outbox else 0)

    # ------------------------------------------------------------ what it says

    def handle_readable(self):
        data = self.receive()
        if not data or self.leaving:  # what it says when it has to leave, nobody hears
            return
        begun = self.framer.unfinished
        self.lines += self.framer.feed(data)
        if self.lines or not begun:
            self.since = time.monotonic()
        self.take_turn(len(data) == READ_AT_ONCE)

    def receive(self):
        # read: what has arrived so far; b"" means that this member sends no more.
        try:
            data = self.handle.recv(READ_AT_ONCE)
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            return None
        except OSError:  # reset, most likely: this connection is over, the others go on
            self.close()
            return None
        if not data:
            self.ended = True
            self.leave()
            self.finish()
        return data

    def take_turn(self, more=False):
        self.hear(LINES_AT_ONCE)
        self.resting = not self.leaving and (more or bool(self.lines))
        if self.resting:
            self.reactor.call_later(REST, self.go_on)
        elif self.framer.too_long:
            self.leave(f"A line has at most {LONGEST_LINE} bytes.")

    def go_on(self):
        if not self.leaving:
            self.take_turn()
            self.reactor.refresh(self)

    def hear(self, number):
        lines, self.lines = self.lines[:number], self.lines[number:]
        if complaints := b"".join([self.understand(line) for line in lines]):
            self.tell(complaints)

    def understand(self, line):
        try:
            message = parse(line)
        except NotAMessage as error:
            return complaint(str(error))
        first = self.room.say(self, encode(message))
        if self.room.size > OWED_TO_A_SPEAKER:  # a send() of more would leave everybody owed
            hand_out(self.reactor, self.room, turns=0)
        elif first:
            self.reactor.call_soon(hand_out, self.reactor, self.room)
        return b""

    def hear_the_rest(self):
        self.hear(len(self.lines))
        for _ in range(OWED_AT_MOST // READ_AT_ONCE):
            data = self.receive()
            if not data:
                return
            self.lines += self.framer.feed(data)
            self.hear(len(self.lines))

    # -------------------------------------------------------- what it is told

    def tell(self, lines):
        sent = 0 if self.outbox else self.send(lines)
        if sent == len(lines):
            return
        # buffer: what the kernel does not take now is owed.
        self.outbox.put(lines)
        self.outbox.sent(sent)
        if self.outbox.overflows and not self.leaving:
            # Instead, self.outbox.drop_oldest() would let it stay, and miss something.
            self.outbox.drop_all()
            self.leave("You have not read what was said, and it has become too much to keep.")
        self.reactor.refresh(self)

    def handle_writable(self):
        if not self.interest & READ:  # the end of its line may be here: it is we who do not listen
            self.since = time.monotonic()
        self.outbox.sent(self.send(self.outbox.first(65536)))
        if self.leaving:
            self.finish()

    def send(self, data):
        # write: as much as fits into the kernel's buffer. Returns how many bytes that were.
        try:
            return self.handle.send(data)
        except BlockingIOError:  # it is full: this member does not read
            return 0
        except OSError:  # reset: nobody will read this
            self.close()
            return len(data)

    # ----------------------------------------------------------- how it leaves

    def check_time(self, now):
        seconds = now - self.since
        if self.framer.unfinished and self.interest & READ and seconds > TO_END_A_LINE:
            self.leave(f"A line has to end within {TO_END_A_LINE} seconds.")
        elif seconds > TO_SAY_SOMETHING:
            self.leave(f"Nothing was heard from you for {TO_SAY_SOMETHING} seconds.")

    def leave(self, reason=""):
        if self.leaving:
            return
        self.leaving, self.resting = True, False
        self.lines.clear()
        self.room.leave(self)
        if reason:
            self.tell(complaint(reason))
        self.finish()
        if not self.closed:
            self.reactor.call_later(TO_LEAVE if reason else TO_FETCH_THE_REST, self.close)
            self.reactor.refresh(self)

    def finish(self):
        if self.outbox or self.closed:
            return
        if self.ended:
            self.close()
            return
        # It may be sending still. close() with bytes unread sends a reset, which may overtake what
        # we have just sent. So only our own stream ends, and it has time to end the other one.
        try:
            self.handle.shutdown(socket.SHUT_WR)
        except OSError:  # reset meanwhile
            self.close()

    def handle_stop(self):
        self.leave()

    def handle_close(self):
        # close: whatever the reason was, this is the one place.
        self.leaving = True
        self.room.leave(self)
        self.handle.close()
