"""One member of a chat under judgement: a client that says and hears lines, each a JSON object.

    ann.says("Hello!")
    bob.hears([("Ann", "Hello!")])

How a server spells an object, with blanks or escapes, is its own affair: what it says is compared.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from typing import Any

from reactorkit.grading.client import SLOW, Client
from reactorkit.grading.story import Unmet
from reactorkit.lab.peer import PeerTimeout

Said = tuple[str, str]  # user, text
SHOWN = 100  # characters of a line that the story shows


def line(user: str, text: str, **more: Any) -> bytes:
    """Return a message as it is sent, with its newline; `more` is what else the object holds."""
    return json.dumps({"user": user, "text": text, **more}, ensure_ascii=False).encode() + b"\n"


class _Stopped(Exception):
    """No line came: in words, why. `ended`: the stream has ended behind a whole line."""

    def __init__(self, why: str, *, ended: bool = False) -> None:
        super().__init__(why)
        self.ended = ended


class Member(Client):
    """A client in a chat, who speaks under its own name."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._data = bytearray()  # received, and not yet looked at

    def says(self, *texts: str) -> list[Said]:
        """Say these texts, all in one send; return what the others have to hear."""
        many = f"{len(texts)} messages at once" if len(texts) > 1 else ""
        self.sends(b"".join(line(self.name, text) for text in texts), many)
        return [(self.name, text) for text in texts]

    # ----------------------------------------------------------- expectations

    def hears(self, said: Sequence[Said], cause: str = "") -> None:
        """Hear exactly these messages next."""
        for place in range(len(said)):
            try:
                self._expects(said, place, self._next_line(), cause)
            except _Stopped as stopped:
                raise Unmet(self._wanted(said, place), str(stopped), cause) from None
        what = _shown(line(*said[0])) if len(said) == 1 else f"all {len(said)} messages, in order"
        self._story.expectation(f"{self.name} hears {what}")

    def hears_from(self, said: Sequence[Said], cause: str = "") -> None:
        """Hear the last of these messages, and all others from the first that is heard on."""
        try:
            got = self._next_line()
        except _Stopped as stopped:
            raise Unmet(self._wanted(said, 0), str(stopped), cause) from None
        found = _understood(got)
        places = [n for n, (user, text) in enumerate(said) if found == {"user": user, "text": text}]
        if not places:
            raise Unmet(self._wanted(said, 0), _shown(got), cause)
        if rest := said[places[0] + 1 :]:
            self.hears(rest, cause)

    def is_told_something(self, within: float) -> bool:
        """Return whether anything comes, or the stream ends, within so many seconds."""
        self.peer.timeout = within
        try:
            self.peer.sock.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        except OSError:
            return True  # what comes next tells of it
        return True

    def hears_until_parted(self, said: Sequence[Said], cause: str = "") -> int:
        """Hear these messages from the first on: all, or some and then the end of the stream.

        Before the end it may be told why. Returns how many there were.
        """
        for place in range(len(said)):
            try:
                got = self._next_line()
                if not _is_complaint(got):
                    self._expects(said, place, got, cause)
                    continue
                self._story.expectation(f"{self.name} receives {_shown(got)}")
                self.expects_end(cause=cause)
            except _Stopped as stopped:
                if not stopped.ended:
                    wanted = f"{self._wanted(said, place)}, or sees the end of the stream"
                    raise Unmet(wanted, str(stopped), cause) from None
                self._story.expectation(f"{self.name} sees the end of the stream")
            self._story.expectation(f"these were the first {place} of {len(said)}, without a gap")
            return place
        self._story.expectation(f"{self.name} hears all {len(said)} messages")
        return len(said)

    def hears_a_complaint(self, cause: str = "") -> None:
        """Receive a line that says what was wrong."""
        wanted = f'a line {{"error": "..."}} for {self.name}'
        try:
            got = self._next_line()
        except _Stopped as stopped:
            raise Unmet(wanted, str(stopped), cause) from None
        if not _is_complaint(got):
            raise Unmet(wanted, _shown(got), cause)
        self._story.expectation(f"{self.name} receives {_shown(got)}")

    def expects_end(self, within: float = SLOW, cause: str = "") -> None:
        """See the end of the stream next, and no more bytes."""
        if self._data:
            got = _shown(bytes(self._data))
            raise Unmet(f"the end of the stream for {self.name}", got, cause)
        super().expects_end(within, cause)

    # ------------------------------------------------------------------ lines

    def _expects(self, said: Sequence[Said], place: int, got: bytes, cause: str) -> None:
        user, text = said[place]
        if _understood(got) != {"user": user, "text": text}:
            raise Unmet(self._wanted(said, place), _shown(got), cause)

    def _wanted(self, said: Sequence[Said], place: int) -> str:
        number = f", message {place + 1} of {len(said)}" if len(said) > 1 else ""
        return f"that {self.name} hears {_shown(line(*said[place]))}{number}"

    def _next_line(self) -> bytes:
        """Return the next line without its newline; _Stopped says why there is none."""
        end, looked = time.monotonic() + SLOW, 0
        while (place := self._data.find(b"\n", looked)) < 0:
            looked = len(self._data)
            self._data += self._more(end - time.monotonic())
        got = bytes(self._data[:place])
        del self._data[: place + 1]
        return got

    def _more(self, seconds: float) -> bytes:
        """Return what comes within so many seconds; _Stopped when nothing does."""
        begun = f", in the middle of a line: {_shown(bytes(self._data))}" if self._data else ""
        if seconds <= 0:
            raise _Stopped(f"no end of a line within {SLOW:g} s")
        self.peer.timeout = seconds
        try:
            data = self.peer.recv(1 << 18)
        except PeerTimeout:
            raise _Stopped(f"nothing more within {SLOW:g} s{begun}") from None
        except OSError as error:
            raise _Stopped(f"the connection is broken ({error.strerror}){begun}") from error
        if not data:
            raise _Stopped(f"the stream ended{begun}", ended=not self._data)
        return data


def _understood(got: bytes) -> Any:
    """Return the object in a line, or None."""
    try:
        return json.loads(got.decode())
    except (ValueError, RecursionError):
        return None


def _is_complaint(got: bytes) -> bool:
    found = _understood(got)
    return isinstance(found, dict) and isinstance(found.get("error"), str)


def _shown(got: bytes) -> str:
    """Return a line for people, shortened where it is long."""
    text = got.decode(errors="backslashreplace").rstrip("\n")
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(got):,} bytes)"
