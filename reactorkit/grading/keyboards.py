"""What stands behind descriptor 0 of a program under judgement: a pipe, a terminal or a file.

`reading` is the descriptor that the program gets; it stays open here, too, until close().
"""

from __future__ import annotations

import fcntl
import os
import pty
import sys
import tempfile
import termios


class Keyboard:
    """Keys that are pressed here. `kind` is its name in a story."""

    kind = ""

    def __init__(self, reading: int, keys: int) -> None:
        self.reading, self._keys = reading, keys
        os.set_blocking(keys, False)

    def press(self, keys: bytes | memoryview) -> int:
        """Type as much as there is room for; return how many bytes that were.

        Raises BlockingIOError when there is no room for one.
        """
        return os.write(self._keys, keys)

    @property
    def unread(self) -> int:
        """How many bytes have been typed that the program has not read yet."""
        waiting = fcntl.ioctl(self.reading, termios.FIONREAD, b"\0\0\0\0")
        return int.from_bytes(waiting, sys.byteorder)

    def ends(self) -> None:
        """Type no more."""
        raise NotImplementedError

    def close(self) -> None:
        """Put it away."""
        os.close(self.reading)
        if self._keys >= 0:
            os.close(self._keys)
            self._keys = -1


class Pipe(Keyboard):
    """A pipe, as in `cat words.txt | client`."""

    kind = "a pipe"

    def __init__(self) -> None:
        super().__init__(*os.pipe())

    def ends(self) -> None:
        """Close our end: whoever reads has all of it, and then the end."""
        os.close(self._keys)
        self._keys = -1


class Terminal(Keyboard):
    """A pseudo-terminal (pty(7)), which hands over whole lines."""

    kind = "a terminal"

    def __init__(self) -> None:
        master, slave = pty.openpty()
        super().__init__(slave, master)
        settings = termios.tcgetattr(slave)
        settings[3] &= ~termios.ECHO  # nobody looks at what it would print
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        self._end = settings[6][termios.VEOF]

    def ends(self) -> None:
        """Press Ctrl-D at the beginning of a line."""
        os.write(self._keys, self._end)


class File(Keyboard):
    """A regular file that holds all that is ever typed, as in `client < words.txt`."""

    kind = "a file"

    def __init__(self, text: bytes) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(text)
            file.flush()
            super().__init__(os.open(file.name, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY))


class Nothing(Keyboard):
    """/dev/null: the end at once."""

    kind = "/dev/null"

    def __init__(self) -> None:
        super().__init__(os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY))
