"""Folders as zip archives that are never built: laid out once, then read from any byte on.

The files are stored, not compressed (weights hardly shrink), in the order they are given, with the times of the files.
So an archive has the same bytes whenever it is read, as long as the files stay what they are, and what stands at one of
its bytes follows from the lengths of what lies before.
"""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zlib import crc32

CHUNK = 256 << 10
"""Bytes that are read at once."""

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_LATEST = (2107, 12, 31, 23, 59, 58)
"""The times that an archive can tell."""

_MODE = 0o100644 << 16
"""The archive tells of every file that it is a plain one, which its owner may write."""

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class FileChanged(Exception):  # noqa: N818
    """A file is no longer what it was when the archive was laid out."""


@dataclass(frozen=True)
class Member:
    """One file of an archive, as it was when it was looked at.

    Attributes:
        name: in the archive, with ``/`` between folders.
        path: of the file; no symbolic link.
        size: in bytes.
        stamp: time of its last change in ns, and the file's number on its disk.
    """

    name: str
    path: Path
    size: int
    stamp: tuple[int, int, int]

    @classmethod
    def of(cls, name: str, path: Path) -> Member:
        """Look at a file.

        Raises:
            OSError: there is none.
        """
        found = path.stat(follow_symlinks=False)
        return cls(name, path, found.st_size, _stamp(found))

    def open(self) -> int:
        """A descriptor of the file.

        Raises:
            FileChanged: it is another one, or gone.
        """
        try:
            descriptor = os.open(self.path, _READ)
        except OSError as error:
            raise FileChanged(f"{self.path}: {error.strerror}") from error
        try:
            self.check(descriptor)
        except FileChanged:
            os.close(descriptor)
            raise
        return descriptor

    def check(self, descriptor: int) -> None:
        """Make sure that what was read so far is of the file as it was.

        Raises:
            FileChanged: it is not.
        """
        found = os.fstat(descriptor)
        if (found.st_size, _stamp(found)) != (self.size, self.stamp):
            raise FileChanged(f"{self.path} was changed")


@dataclass(frozen=True)
class _Part:
    """Bytes of an archive that follow each other: its own, or those of a file with their checksum."""

    start: int
    content: bytes | Member
    crc: int = 0

    @property
    def length(self) -> int:
        return self.content.size if isinstance(self.content, Member) else len(self.content)


@dataclass(frozen=True)
class Archive:
    """An archive that can be read; see ``lay_out``.

    Attributes:
        size: in bytes.
        tag: text that another archive does not have.
    """

    size: int
    tag: str
    parts: tuple[_Part, ...]


@lru_cache(maxsize=64)
def lay_out(members: tuple[Member, ...]) -> Archive:
    """Where what stands in the archive of some files; reads each of them once, for its checksum.

    Raises:
        FileChanged: a file is no longer what it was when it was looked at.
    """
    skeleton = _Skeleton()
    with zipfile.ZipFile(skeleton, "w") as archive:
        for member in members:
            _add(archive, skeleton, member)
    parts = tuple(_Part(start, *skeleton.parts[start]) for start in sorted(skeleton.parts))
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part.content, bytes):  # names, sizes, times and checksums are all in there
            digest.update(part.content)
    return Archive(parts[-1].start + parts[-1].length, digest.hexdigest()[:32], parts)


def _add(archive: zipfile.ZipFile, skeleton: _Skeleton, member: Member) -> None:
    moment = time.localtime(member.stamp[0] // 10**9)[:6]
    info = zipfile.ZipInfo(member.name, min(max(moment, _EARLIEST), _LATEST))
    info.external_attr = _MODE
    info.file_size = member.size
    descriptor = member.open()
    try:
        with archive.open(info, "w") as target:
            start = skeleton.tell()
            skeleton.keeps = False
            try:
                while chunk := os.read(descriptor, CHUNK):
                    target.write(chunk)
            finally:
                skeleton.keeps = True
        member.check(descriptor)
        if member.size:
            skeleton.parts[start] = (member, info.CRC)
    finally:
        os.close(descriptor)


class _Skeleton:
    """A file that ``zipfile`` writes an archive into, and that keeps of it all but what it is told not to.

    Attributes:
        keeps: whether it keeps what is written; otherwise only the place for it.
        parts: what was written at which byte, and the checksums of files.
    """

    def __init__(self) -> None:
        self.keeps = True
        self.parts: dict[int, tuple[bytes | Member, int]] = {}
        self._position = 0

    def write(self, data: bytes) -> int:
        if self.keeps and data:
            self.parts[self._position] = (bytes(data), 0)
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        # The header of a file is written once more, in the same length, when its checksum is known.
        self._position = position
        return position

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


class Reader:
    """The bytes of an archive from a place on, in pieces of at most ``CHUNK``; a file is open only while it is read.

    Args:
        archive: to read.
    """

    def __init__(self, archive: Archive) -> None:
        self._parts: Sequence[_Part] = archive.parts
        self._starts = [part.start for part in archive.parts]
        self._size = archive.size
        self._position = 0
        self._open: tuple[_Part, int] | None = None
        self._crc: int | None = None

    def seek(self, position: int) -> None:
        """Go on from this byte."""
        self.close()
        self._position = position

    def tell(self) -> int:
        """The number of the next byte."""
        return self._position

    def read(self) -> bytes:
        """The next bytes; none at the end.

        Raises:
            FileChanged: a file is no longer what it was when the archive was laid out.
        """
        while self._position < self._size:
            part = self._parts[bisect_right(self._starts, self._position) - 1]
            offset = self._position - part.start
            if isinstance(part.content, bytes):
                data = part.content[offset : offset + CHUNK]
            else:
                data = self._read(part, part.content, offset)
            self._position += len(data)
            if data:
                return data
        return b""

    def close(self) -> None:
        """Close the file that is read."""
        if self._open is not None:
            os.close(self._open[1])
            self._open = None

    def _read(self, part: _Part, member: Member, offset: int) -> bytes:
        if self._open is None or self._open[0] is not part:
            self.close()
            self._open = part, member.open()
            os.lseek(self._open[1], offset, os.SEEK_SET)
            self._crc = 0 if offset == 0 else None
        descriptor = self._open[1]
        data = os.read(descriptor, min(CHUNK, member.size - offset))
        member.check(descriptor)
        if not data:
            raise FileChanged(f"{member.path} ends too early")
        ends = offset + len(data) == member.size
        if self._crc is not None:
            # A change that leaves size and time as they were is seen here, where the file is read as a whole.
            self._crc = crc32(data, self._crc)
            if ends and self._crc != part.crc:
                raise FileChanged(f"{member.path} has another content")
        if ends:
            self.close()
        return data


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mtime_ns, found.st_dev, found.st_ino
