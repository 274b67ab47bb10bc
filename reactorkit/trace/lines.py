"""The lines of a file that may be damaged: packed or not, cut in half, or no text at all.

Nothing here waits or grows without end: only ordinary files are opened, and only lines of a
sensible length are read.
"""

from __future__ import annotations

import stat
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from reactorkit.errors import KitError, nearest

LONGEST_LINE = 1 << 26  # a keyframe of 10,000 handles has 2.5 million bytes
LARGEST_UNPACKED = 1 << 31
IN_MEMORY = 1 << 24
PIECE = 512  # as much as damage can take of what came before it
_GZIP = b"\x1f\x8b"


def unpacked(path: Path) -> tuple[IO[bytes], str]:
    """Open a file, unpacked if it is gzip; returns it and what is wrong with it, or "".

    Raises KitError when there is nothing to open.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise KitError(f"{path} is not an ordinary file, so it cannot be a recording.")
        file = path.open("rb")
    except FileNotFoundError as error:
        siblings = path.parent.iterdir() if path.parent.is_dir() else []
        hint = nearest(path.name, [one.name for one in siblings])
        raise KitError(f"There is no file {path}.{hint}") from error
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from error
    if file.read(2) != _GZIP:
        file.seek(0)
        return file, ""
    with file:
        file.seek(0)
        return _unzip(file)


def _unzip(file: IO[bytes]) -> tuple[IO[bytes], str]:
    """Unpack as much as there is into a temporary file, so that one can jump in it."""
    plain: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - handed on
    problem = ""
    try:
        for piece in _inflate(file):
            plain.write(piece)
            if plain.tell() > LARGEST_UNPACKED:
                problem = "it unpacks to more than 2 GiB"
                break
    except zlib.error:
        problem = "its gzip data is damaged"
    except EOFError:
        problem = "its gzip data stops in the middle"
    plain.seek(0)
    return plain, problem


def _inflate(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the contents of a gzip file; what came before the damage has been yielded then."""
    unzip = zlib.decompressobj(wbits=31)  # 31: gzip (zlib's inflateInit2)
    data = file.read(PIECE)
    while data:
        yield unzip.decompress(data, LONGEST_LINE)
        while unzip.unconsumed_tail:
            yield unzip.decompress(unzip.unconsumed_tail, LONGEST_LINE)
        if unzip.eof:  # another gzip file may follow in the same one
            data = unzip.unused_data or file.read(PIECE)
            if data:
                unzip = zlib.decompressobj(wbits=31)
        else:
            data = file.read(PIECE)
    if not unzip.eof:
        yield unzip.flush()
        raise EOFError


def text_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line) from the start of a file; a line too long to be one is left out."""
    offset = 0
    file.seek(0)
    while True:
        line = file.readline(LONGEST_LINE)
        if not line:
            return
        start, offset = offset, offset + len(line)
        whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
        while not line.endswith(b"\n") and len(line) == LONGEST_LINE:
            line = file.readline(LONGEST_LINE)
            offset += len(line)
        if whole:
            yield start, line


class LineFile:
    """Lines of a file by their offsets, for any number of threads; closed when nobody needs it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._lock = threading.Lock()

    def line(self, offset: int) -> bytes:
        """Return the line at an offset."""
        with self._lock:
            self.file.seek(offset)
            return self.file.readline()

    def __del__(self) -> None:
        self.file.close()


def cut_short(line: bytes) -> bool:
    """Return whether this is the last line of a file that was not finished."""
    return not line.endswith(b"\n")
