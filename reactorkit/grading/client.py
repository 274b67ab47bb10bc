"""One client of a submission: it acts, it expects, and the story tells of both."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from reactorkit.errors import KitError
from reactorkit.grading.story import Story, Unmet, named
from reactorkit.lab.peer import Peer, PeerTimeout

SLOW = 10.0  # seconds: long for a right answer on a busy machine, short for somebody who waits
MANY = 50  # answers to others without room for one: the server takes no more from this one
STUCK = 0.3  # seconds that it has to be so, too: the kernel moves bytes meanwhile
STALLED = 2.0  # seconds without a byte: time to ask in another way, and no verdict


def pushed(send: Callable[[memoryview], int], data: bytes, meanwhile: Callable[[], None]) -> int:
    """Send until all is sent or no more is taken; return how many bytes were.

    Arguments:
        send: takes bytes, returns how many it took; raises BlockingIOError when there is no room.
        meanwhile: called whenever there is no room; it has to be something that is answered. No
            more is taken when MANY answers in a row have brought no room.
    """
    rest, in_vain, since = memoryview(data), 0, time.monotonic()
    while rest and (in_vain < MANY or time.monotonic() - since < STUCK):
        try:
            rest = rest[send(rest[: 1 << 18]) :]
            in_vain, since = 0, time.monotonic()
        except BlockingIOError:
            in_vain += 1
            meanwhile()
    return len(data) - len(rest)


class Client:
    """A named client, connected to a server under judgement.

    Each method is one step of the story. Those that expect something raise Unmet when it is not
    to be had within `within` seconds; `cause` is the likely reason, told to the learner.
    """

    def __init__(
        self,
        story: Story,
        name: str,
        address: tuple[str, int],
        *,
        rcvbuf: int | None = None,
        narrow: bool = False,
        quiet: bool = False,
    ) -> None:
        # One of many tells nothing: whoever has the crowd tells of all of them at once.
        self.name, self._story = name, Story() if quiet else story
        try:
            if narrow:  # the kernel keeps about 100 KiB for it, and not some 4 MiB
                self.peer = Peer(address, timeout=SLOW, rcvbuf=4096, maxseg=512)
            else:
                self.peer = Peer(address, timeout=SLOW, rcvbuf=rcvbuf)
        except KitError as error:
            raise Unmet(f"that {name} can connect", str(error).rstrip(".")) from error
        self._story.action(f"{name} connects")

    # ---------------------------------------------------------------- actions

    def sends(self, data: bytes, what: str = "") -> None:
        """Send all of it; Unmet when the server stops taking it."""
        self._story.action(f"{self.name} sends {what or named(data)}")
        try:
            self.peer.send(data)
        except PeerTimeout as error:
            raise Unmet(
                f"that the server takes what {self.name} sends",
                "it has stopped reading",
                "The server waits for something else while this client talks.",
            ) from error
        except OSError as error:
            raise Unmet(
                f"that the server takes what {self.name} sends",
                f"the connection is broken ({error.strerror})",
            ) from error

    def dribbles(self, data: bytes, gap: float = 0.001) -> None:
        """Send it byte by byte."""
        self._story.action(f"{self.name} sends {named(data)}, one byte at a time")
        try:
            self.peer.dribble(data, gap)
        except OSError as error:
            raise Unmet(
                "that the server takes single bytes", f"the connection is broken ({error.strerror})"
            ) from error

    def pushes(self, data: bytes, meanwhile: Callable[[], None]) -> int:
        """Send without reading, until no more is taken; return how many bytes were. See pushed."""
        self._story.action(f"{self.name} sends {len(data):,} bytes, and reads nothing")
        self.peer.sock.setblocking(False)
        try:
            return pushed(self.peer.sock.send, data, meanwhile)
        except OSError as error:
            raise Unmet(
                f"that {self.name} stays connected", f"the connection is broken ({error.strerror})"
            ) from error
        finally:
            self.peer.timeout = SLOW

    def half_closes(self) -> None:
        """Send no more, and go on reading."""
        self._story.action(f"{self.name} ends its own stream and goes on reading")
        with contextlib.suppress(OSError):  # the server has closed: the next expectation tells
            self.peer.half_close()

    def resets(self) -> None:
        """Break the connection off."""
        self._story.action(f"{self.name} resets the connection")
        self.peer.reset()

    def leaves(self) -> None:
        """Close the connection in good order."""
        self._story.action(f"{self.name} leaves")
        self.peer.close()

    # ----------------------------------------------------------- expectations

    def expects(self, data: bytes, within: float = SLOW, cause: str = "", what: str = "") -> None:
        """Receive exactly these bytes next."""
        expected = what or named(data)
        got = self._receive(len(data), within)
        if got == data:
            self._story.expectation(f"{self.name} receives {expected} back")
            return
        raise Unmet(f"{expected} for {self.name}", self._unlike(data, got, within), cause)

    def expects_end(self, within: float = SLOW, cause: str = "") -> None:
        """See the end of the stream next, and no more bytes."""
        self.peer.timeout = within
        try:
            data = self.peer.recv()
        except PeerTimeout:
            raise Unmet(
                f"the end of the stream for {self.name}", f"nothing within {within:g} s", cause
            ) from None
        except OSError as error:
            raise Unmet(
                f"the end of the stream for {self.name}", f"{error.strerror}", cause
            ) from error
        if data:
            raise Unmet(f"the end of the stream for {self.name}", named(data), cause)
        self._story.expectation(f"{self.name} sees the end of the stream")

    def fetches(self, data: bytes, cause: str = "") -> None:
        """Receive exactly these bytes. When they stop coming, end the own stream to see what comes.

        A server that still owes something sends it then, however late; one that has lost it closes.
        """
        got = bytearray()
        while len(got) < len(data):
            piece = self._receive(min(1 << 20, len(data) - len(got)), STALLED)
            got += piece
            if not piece:
                self.half_closes()
                got += self._receive(len(data) - len(got), SLOW)
                break
        if got != data:
            raise Unmet(
                f"all of it back for {self.name}", self._unlike(data, bytes(got), SLOW), cause
            )
        self._story.expectation(f"{self.name} receives all of it back")

    def echoes(self, data: bytes, within: float = SLOW, cause: str = "") -> None:
        """Send, and receive the same back."""
        self.sends(data)
        self.expects(data, within, cause)

    def _receive(self, n: int, within: float) -> bytes:
        """Return up to n bytes: fewer when the stream ends or breaks, or when time is up."""
        got, end = bytearray(), time.monotonic() + within
        while len(got) < n and (left := end - time.monotonic()) > 0:
            self.peer.timeout = left
            try:
                piece = self.peer.recv(min(n - len(got), 1 << 20))
            except (PeerTimeout, OSError):
                break
            if not piece:
                break
            got += piece
        return bytes(got)

    def _unlike(self, data: bytes, got: bytes, within: float) -> str:
        """Say what came instead, in words."""
        if not got:
            return f"nothing within {within:g} s" if self._still_open() else "the connection ended"
        if data.startswith(got):
            rest = "" if self._still_open() else ", then the connection ended"
            return f"only the first {len(got):,} of {len(data):,} bytes{rest}"
        place = next(n for n, (a, b) in enumerate(zip(data, got, strict=False)) if a != b)
        return f"{named(got)}, which differs from byte {place:,} on"

    def _still_open(self) -> bool:
        self.peer.timeout = 0.001
        try:
            return bool(self.peer.recv())
        except PeerTimeout:
            return True
        except OSError:
            return False
