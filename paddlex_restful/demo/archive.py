"""Unpack an archive from a stranger: inside its folder, files only, within limits."""

from __future__ import annotations

import gzip
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, NoReturn

from paddlex_restful.errors import UserError
from paddlex_restful.messages import demo as messages

MOST_FILES = 500_000
MOST_BYTES = 50 * 10**9
MOST_GROWTH = 100
"""Pictures hardly shrink and annotations shrink tenfold or so; a bomb grows a thousandfold."""

_FREE_GROWTH = 64 << 20
"""Bytes that any archive may grow to, however small it is."""

_CHUNK = 1 << 18
_LARGEST_HEADER = 1 << 20


_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    # For fields of a header that make no sense, and for ways to compress that are not built in:
    ValueError,
    OverflowError,
    struct.error,
    NotImplementedError,
)
"""What the libraries raise for damaged archives."""


class _Entry(NamedTuple):
    path: str
    is_folder: bool
    is_file: bool
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, folder: Path, check_stop: Callable[[], None]) -> int:
    """Unpack a ``.tar.gz`` or ``.zip`` archive, told apart by its first bytes.

    Permissions, owners and times of the archive are not taken over.

    Args:
        archive: the file.
        folder: where its contents go; it must not exist. After an error it holds a part.
        check_stop: called between chunks; what it raises ends the work.

    Returns:
        The number of files.

    Raises:
        UserError: the archive is damaged, no archive, or not safe to unpack.
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True)
    writer = _Writer(archive, folder, check_stop)
    try:
        with _entries(archive) as entries:
            for entry in entries:
                writer.write(entry)
    except _DAMAGE:
        raise UserError(messages.DAMAGED, name=archive.name) from None
    return writer.files


@contextmanager
def _entries(archive: Path) -> Iterator[Iterator[_Entry]]:
    with archive.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"\x1f\x8b"):
        with _TarStream(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            yield _tar_entries(tar)
    elif start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        with zipfile.ZipFile(archive) as packed:
            yield _zip_entries(packed)
    else:
        raise UserError(messages.NO_ARCHIVE, name=archive.name)


class _TarStream(gzip.GzipFile):
    """Refuses to read a large piece at once: ``tarfile`` would hold a header of any size in memory."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _LARGEST_HEADER:
            raise tarfile.ReadError
        return super().read(size)


def _tar_entries(tar: tarfile.TarFile) -> Iterator[_Entry]:
    while (member := tar.next()) is not None:
        yield _Entry(member.name, member.isdir(), member.isreg(), lambda member=member: _tar_file(tar, member))  # type: ignore[misc]
        # Else the archive keeps them all in memory.
        tar.members.clear()  # type: ignore[attr-defined]


def _tar_file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    assert file is not None
    return file


def _zip_entries(packed: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in packed.infolist():
        if info.flag_bits & 0x1:
            raise UserError(messages.ENCRYPTED, name=Path(str(packed.filename)).name)
        kind = stat.S_IFMT(info.external_attr >> 16)
        is_file = not info.is_dir() and kind in (0, stat.S_IFREG)
        yield _Entry(info.filename, info.is_dir(), is_file, lambda info=info: packed.open(info))  # type: ignore[misc]


class _Writer:
    """Writes entries below a folder and counts what they come to."""

    def __init__(self, archive: Path, folder: Path, check_stop: Callable[[], None]) -> None:
        self._name = archive.name
        self._folder = folder
        self._check_stop = check_stop
        self._most_bytes = min(MOST_BYTES, max(_FREE_GROWTH, archive.stat().st_size * MOST_GROWTH))
        self._bytes = 0
        self._entries = 0
        self.files = 0

    def write(self, entry: _Entry) -> None:
        """Write one entry; what it says of its size is not believed."""
        self._check_stop()
        self._entries += 1
        if self._entries > MOST_FILES:
            self._refuse(messages.TOO_MANY_FILES, most=MOST_FILES)
        target = self._target(entry.path)
        if not (entry.is_file or entry.is_folder):
            self._refuse(messages.UNSAFE_KIND, path=entry.path)
        try:
            if entry.is_folder:
                target.mkdir(parents=True, exist_ok=True)
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            with entry.open() as source, target.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    self._count(len(chunk))
                    file.write(chunk)
                    self._check_stop()
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            self._refuse(messages.SAME_NAME, path=entry.path)
        self.files += 1

    def _target(self, path: str) -> Path:
        try:
            path.encode()
        except UnicodeEncodeError:
            self._refuse(messages.NOT_UTF8)
        parts = PurePosixPath(path).parts
        if path.startswith("/") or ".." in parts or "\\" in path or "\0" in path or ":" in path.split("/", 1)[0]:
            self._refuse(messages.UNSAFE_PATH, path=path)
        return self._folder.joinpath(*parts)

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._most_bytes:
            if self._most_bytes == MOST_BYTES:
                self._refuse(messages.TOO_LARGE, most=MOST_BYTES // 10**9)
            self._refuse(messages.TOO_DENSE, most=MOST_GROWTH)

    def _refuse(self, template: str, **values: Any) -> NoReturn:
        raise UserError(template, name=self._name, **values)
