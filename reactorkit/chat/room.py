"""Who is there, who hears what, and what each is still to get, in a bounded number of bytes."""


class Room:
    """Everybody hears what is said, except who says it.

    What is said within a few turns of the loop is gathered, and handed out together: one piece of
    bytes for all who were silent, joined once, and so one send() for each member, however many
    messages it is. With 100 members and 16 messages on their way that is 15 messages a send(), and
    ten times as many deliveries a second as with a send() for each. Handed out at the end of every
    turn it is 10, and a delivery costs a third more CPU (`make bench`, chat-100).
    """

    def __init__(self):
        self._members = {}  # a set that keeps its order
        self._gathered = []
        self._size = 0
        self._own = {}  # who has spoken, and which bytes of what was gathered are theirs

    def __len__(self):
        return len(self._members)

    def __iter__(self):
        """Go through those who are there now; they may leave meanwhile."""
        return iter(list(self._members))

    @property
    def gathered(self):
        """How many lines wait to be handed out."""
        return len(self._gathered)

    @property
    def size(self):
        """How many bytes these lines are."""
        return self._size

    def join(self, member):
        """Let a member in."""
        self._members[member] = None

    def leave(self, member):
        """See a member off. What it has said is still handed out."""
        self._members.pop(member, None)

    def say(self, member, line):
        """Gather a line for everybody else; returns whether it is the first to be handed out."""
        self._own.setdefault(member, []).append((self._size, self._size + len(line)))
        self._gathered.append(line)
        self._size += len(line)
        return len(self._gathered) == 1

    def hand_out(self):
        """Yield each member with what it is to hear: all that was gathered, but its own."""
        everything, own = b"".join(self._gathered), self._own
        self._gathered, self._size, self._own = [], 0, {}
        for member in self:
            heard = _without(everything, own[member]) if member in own else everything
            if heard:
                yield member, heard


def _without(everything, spans):
    """Return the bytes outside of the spans, which are in order."""
    pieces, place = [], 0
    for start, end in spans:
        pieces.append(everything[place:start])
        place = end
    return b"".join([*pieces, everything[place:]])


class Outbox:
    """The lines that one member is still to get, oldest first. Meant to hold `limit` bytes.

    When it overflows, there are two honest ways: to drop what has waited longest, or to part with
    the member. Both keep lines whole: one that the kernel has the beginning of is finished.
    """

    __slots__ = ("_begun", "_waiting", "limit")

    def __init__(self, limit):
        self.limit = limit
        self._waiting = bytearray()
        self._begun = False  # the first line has been sent in part

    def __len__(self):
        return len(self._waiting)

    @property
    def overflows(self):
        """Whether more waits than is meant to."""
        return len(self._waiting) > self.limit

    def put(self, lines):
        """Add whole lines."""
        self._waiting += lines

    def first(self, size):
        """Return the next bytes to send, `size` at most."""
        return bytes(self._waiting[:size])

    def sent(self, size):
        """Forget the first bytes: the kernel has taken them."""
        if size:
            self._begun = not self._waiting.endswith(b"\n", 0, size)
            del self._waiting[:size]  # moves no bytes: a bytearray may begin later than its memory

    def drop_oldest(self):
        """Drop the oldest lines until the rest is within the limit; returns how many."""
        surplus = len(self._waiting) - self.limit
        if surplus <= 0:
            return 0
        start = self._end_of_begun()
        # An end that is not there is find() + 1 == 0: then everything has to go.
        end = self._waiting.find(b"\n", start + surplus - 1) + 1 or len(self._waiting)
        dropped = self._waiting.count(b"\n", start, end)
        del self._waiting[start:end]
        return dropped

    def drop_all(self):
        """Drop every line that has not been begun."""
        del self._waiting[self._end_of_begun() :]

    def _end_of_begun(self):
        return self._waiting.find(b"\n") + 1 if self._begun else 0
