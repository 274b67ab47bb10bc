"""Every file of a folder or zip, read with care: nothing is unpacked, followed, or believed.

What cannot be read becomes a sentence. Archives are read in memory, so a name such as ../../x leads
nowhere; it is told all the same.
"""

from __future__ import annotations

import datetime
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reactorkit.grading.submission import LARGEST

MOST_FILES = 2_000  # in one archive
MOST_BYTES = 64 << 20  # of one archive, unpacked
DEEPEST = 3  # archives within archives
ARCHIVE = LARGEST * 25  # bytes; a larger zip is not opened
READ = {".py", ".ipynb"}
PASSED_OVER = {"__MACOSX", "__pycache__", ".ipynb_checkpoints", ".git", ".venv", "Thumbs.db"}
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError)


@dataclass(frozen=True)
class Found:
    """One file, or one thing that could not be read.

    Arguments:
        name: its path below the folder of submissions, archives counted as folders.
        data: what is in it. written: when, as far as the file system or archive tells.
        problem: a sentence when it could not be read; empty otherwise.
    """

    name: PurePosixPath
    data: bytes = b""
    written: datetime.datetime | None = None
    problem: str = ""


def walk(top: Path) -> Iterator[Found]:
    """Yield every file below a folder, or in a zip; links are told, never followed."""
    if top.is_file():
        yield from _archive(PurePosixPath(), top.read_bytes(), 1)
        return
    for folder, folders, names in os.walk(top, followlinks=False):
        here = PurePosixPath(Path(folder).relative_to(top).as_posix())
        links = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = sorted(one for one in set(folders) - set(links) if not _passed_over(one))
        for name in sorted([*names, *links]):
            if not _passed_over(name):
                yield from _file(here / name, Path(folder, name))


def _passed_over(name: str) -> bool:
    return name in PASSED_OVER or name.startswith("._") or name == ".DS_Store"


def _file(name: PurePosixPath, path: Path) -> Iterator[Found]:
    try:
        status = path.lstat()
        written = datetime.datetime.fromtimestamp(status.st_mtime, datetime.UTC)
        if stat.S_ISLNK(status.st_mode):
            yield Found(name, problem="is a link, and is not followed")
        elif not stat.S_ISREG(status.st_mode):
            yield Found(name, problem="is no ordinary file")
        elif _suffix(name) == ".zip":
            yield from _outer_archive(name, path, status.st_size)
        elif _suffix(name) not in READ:
            yield Found(name, problem="is neither a .py file, a notebook nor a zip")
        elif status.st_size > LARGEST:
            yield Found(name, problem=_too_large(status.st_size))
        else:
            yield Found(name, path.read_bytes(), written)
    except OSError as error:
        yield Found(name, problem=f"cannot be read: {error.strerror}")


def _outer_archive(name: PurePosixPath, path: Path, size: int) -> Iterator[Found]:
    if size > ARCHIVE:
        yield Found(name, problem=_too_large(size))
    else:
        yield from _archive(name, path.read_bytes(), 1)


def _archive(name: PurePosixPath, data: bytes, depth: int) -> Iterator[Found]:
    """Yield what is in a zip. Sizes are counted while reading: its table may say anything."""
    if depth > DEEPEST:
        yield Found(name, problem=f"is a zip more than {DEEPEST} zips deep, and is not opened")
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except BROKEN as error:
        yield Found(name, problem=f"is a zip that cannot be opened: {error}")
        return
    left = MOST_BYTES
    with archive:
        infos = [one for one in archive.infolist() if not one.is_dir()]
        if len(infos) > MOST_FILES:
            yield Found(name, problem=f"is a zip of {len(infos):,} files, and is not opened")
            return
        for info in infos:
            for one in _member(name, archive, info, depth):
                left -= len(one.data)
                yield one
            if left < 0:
                yield Found(name, problem="is a zip that grows too large when it is unpacked")
                return


def _member(
    outer: PurePosixPath, archive: zipfile.ZipFile, info: zipfile.ZipInfo, depth: int
) -> Iterator[Found]:
    inner = PurePosixPath(info.filename.replace("\\", "/"))
    name = outer / PurePosixPath(*[part for part in inner.parts if part not in ("/", "..")])
    if any(_passed_over(part) for part in inner.parts):
        return
    if inner.is_absolute() or ".." in inner.parts:
        yield Found(name, problem=f"has a name that leads out of its zip ({info.filename!r})")
    elif stat.S_ISLNK(info.external_attr >> 16):
        yield Found(name, problem="is a link, and is not followed")
    elif _suffix(name) not in READ | {".zip"}:
        if inner.name != "reactorkit.json":  # what `submit` adds about the kit
            yield Found(name, problem="is neither a .py file, a notebook nor a zip")
    else:
        yield from _content(name, archive, info, depth)


def _content(
    name: PurePosixPath, archive: zipfile.ZipFile, info: zipfile.ZipInfo, depth: int
) -> Iterator[Found]:
    zipped = _suffix(name) == ".zip"
    most = ARCHIVE if zipped else LARGEST
    try:
        with archive.open(info) as file:
            data = file.read(most + 1)
    except BROKEN as error:
        yield Found(name, problem=f"cannot be read from its zip: {error}")
        return
    if len(data) > most:
        yield Found(name, problem=_too_large(info.file_size))
    elif zipped:
        yield from _archive(name, data, depth + 1)
    else:
        yield Found(name, data, _time(info))


def _time(info: zipfile.ZipInfo) -> datetime.datetime | None:
    """Return a zip's local time; None when it is not one."""
    try:
        return datetime.datetime(*info.date_time).astimezone()
    except (ValueError, OverflowError):
        return None


def _suffix(name: PurePosixPath) -> str:
    return name.suffix.lower()


def _too_large(size: int) -> str:
    return f"has {size:,} bytes and is not opened; an answer has a few thousand"
