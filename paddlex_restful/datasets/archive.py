"""Unpack an archive from a stranger: inside its folder, files only, within limits."""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

from paddlex_restful.datasets.source import CONTROL, MAX_DEPTH, MOST_FILES, decode
from paddlex_restful.errors import UserError
from paddlex_restful.messages import archive as messages
from paddlex_restful.paths import readable

MOST_BYTES = 50 * 10**9
MOST_GROWTH = 100
"""Pictures hardly shrink and annotations shrink tenfold or so; a bomb grows a thousandfold."""

_FREE_GROWTH = 64 << 20
"""Bytes that any archive may grow to, however small it is."""

_CHUNK = 1 << 18
_LONGEST_NAME = 255
_LARGEST_TAR_HEADER = 1 << 20
_LARGEST_ZIP_DIRECTORY = 64 << 20

_WINDOWS_DRIVE = re.compile(r"[^/]*:")

_IGNORED_FOLDERS = frozenset({"__MACOSX"})
_IGNORED_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_APPLE_DOUBLE = "._"

_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    # For fields of a header that make no sense, for ways to compress that are not built in, and for headers of headers:
    ValueError,
    OverflowError,
    struct.error,
    NotImplementedError,
    RecursionError,
)
"""What the libraries raise for damaged archives."""


class _Entry(NamedTuple):
    path: str | None
    is_folder: bool
    is_file: bool
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, folder: Path, check_stop: Callable[[], None], name: str = "") -> int:
    """Unpack a zip or tar archive, the latter also compressed by gzip; which it is, its first bytes tell.

    Nothing that it says of itself is believed: sizes are counted while they are written. Permissions, owners and times
    are not taken over, and what macOS and Windows put beside files is left out. Names that are not in UTF-8 are taken
    for GB18030, as Chinese Windows writes them.

    Args:
        archive: the file.
        folder: where its contents go; it must not exist. After an error it holds a part.
        check_stop: called between chunks; what it raises ends the work.
        name: what people call the archive; by default the name of its file.

    Returns:
        The number of files.

    Raises:
        UserError: the archive is damaged, no archive, or not safe to unpack.
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True)
    name = readable(name or archive.name)
    writer = _Writer(name, archive.stat().st_size, folder, check_stop)
    try:
        with _entries(archive, name) as entries:
            for entry in entries:
                writer.write(entry)
    except _DAMAGE:
        raise UserError(messages.DAMAGED, name=name) from None
    return writer.files


def inner(folder: Path) -> Path:
    """The folder of the images: archives often hold it as their only entry."""
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


@contextmanager
def _entries(archive: Path, name: str) -> Iterator[Iterator[_Entry]]:
    with archive.open("rb") as file:
        start = file.read(tarfile.BLOCKSIZE)
        file.seek(0)
        if start.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=file) as plain, _tar(plain) as tar:
                yield _tar_entries(tar)
        elif start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            with zipfile.ZipFile(_Bounded(file, _LARGEST_ZIP_DIRECTORY)) as packed:  # type: ignore[arg-type]
                yield _zip_entries(packed, name)
        elif _is_tar(start):
            with _tar(file) as tar:
                yield _tar_entries(tar)
        else:
            raise UserError(messages.NO_ARCHIVE, name=name)


def _is_tar(start: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


class _Bounded:
    """A file of which no large piece is read at once: the libraries would hold a header of any size in memory."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile, most: int) -> None:
        self._file = file
        self._most = most
        self.tell, self.seekable = file.tell, file.seekable

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except OSError as error:  # to before the beginning
            raise EOFError from error

    def read(self, size: int = -1) -> bytes:
        if 0 <= size <= self._most:
            return self._file.read(size)
        data = bytearray()
        while piece := self._file.read(_CHUNK):
            data += piece
            if len(data) > self._most:
                raise EOFError
        return bytes(data)


def _tar(file: IO[bytes] | gzip.GzipFile) -> tarfile.TarFile:
    # ``errors`` keeps the bytes of names that are not UTF-8.
    bounded: Any = _Bounded(file, _LARGEST_TAR_HEADER)
    return tarfile.open(fileobj=bounded, mode="r:", encoding="utf-8", errors="surrogateescape")


def _tar_entries(tar: tarfile.TarFile) -> Iterator[_Entry]:
    while (member := tar.next()) is not None:
        name = decode(member.name.encode("utf-8", "surrogateescape"))
        yield _Entry(name, member.isdir(), member.isreg(), lambda member=member: _tar_file(tar, member))  # type: ignore[misc]
        # Else the archive keeps them all in memory.
        tar.members.clear()  # type: ignore[attr-defined]
    # The library takes a cut or damaged header for the end; a whole archive ends with zeros.
    stream: Any = tar.fileobj
    stream.seek(tar.offset)  # type: ignore[attr-defined]
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise EOFError


def _tar_file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    assert file is not None
    return file


def _zip_entries(packed: zipfile.ZipFile, name: str) -> Iterator[_Entry]:
    for info in packed.infolist():
        if info.flag_bits & 0x1:
            raise UserError(messages.ENCRYPTED, name=name)
        # The others may make gigabytes of a kilobyte before anyone can count them.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UserError(messages.OTHER_COMPRESSION, name=name)
        path = info.orig_filename if info.flag_bits & 0x800 else decode(info.orig_filename.encode("cp437"))
        # As some programs of Windows write them, against the standard.
        path = path.replace("\\", "/") if path else path
        kind = stat.S_IFMT(info.external_attr >> 16)
        is_folder = bool(path) and str(path).endswith("/")
        is_file = not is_folder and kind in (0, stat.S_IFREG)
        yield _Entry(path, is_folder, is_file, lambda info=info: packed.open(info))  # type: ignore[misc]


class _Writer:
    """Writes entries below a folder and counts what they come to."""

    def __init__(self, name: str, size: int, folder: Path, check_stop: Callable[[], None]) -> None:
        self._name = name
        self._folder = folder
        self._check_stop = check_stop
        self._most_bytes = min(MOST_BYTES, max(_FREE_GROWTH, size * MOST_GROWTH))
        self._bytes = 0
        self._entries = 0
        self._spelling: dict[str, str] = {}
        self._folders = {""}
        self.files = 0

    def write(self, entry: _Entry) -> None:
        """Write one entry; what it says of its size is not believed."""
        self._check_stop()
        self._entries += 1
        if self._entries > MOST_FILES:
            self._refuse(messages.TOO_MANY_FILES, most=MOST_FILES)
        path = self._checked(entry.path)
        if not (entry.is_file or entry.is_folder):
            self._refuse(messages.UNSAFE_KIND, path=readable(path))
        if _is_ignored(path):
            if entry.is_file:
                self._copy(entry, io.BytesIO, keep=False)
            return
        if entry.is_folder:
            self._make_folder(path)
            return
        self._make_folder(path.rpartition("/")[0])
        self._spell(path)
        try:
            self._copy(entry, lambda: (self._folder / path).open("xb"))
        except (FileExistsError, IsADirectoryError):
            self._refuse(messages.SAME_NAME, path=readable(path))
        self.files += 1

    def _copy(self, entry: _Entry, target: Callable[[], IO[bytes]], *, keep: bool = True) -> None:
        with entry.open() as source, target() as file:
            while chunk := source.read(_CHUNK):
                self._count(len(chunk))
                if keep:
                    file.write(chunk)
                self._check_stop()

    def _make_folder(self, path: str) -> None:
        if path in self._folders:
            return
        self._make_folder(path.rpartition("/")[0])
        self._spell(path)
        try:
            (self._folder / path).mkdir(exist_ok=True)
        except FileExistsError:
            self._refuse(messages.SAME_NAME, path=readable(path))
        self._folders.add(path)

    def _spell(self, path: str) -> None:
        """Refuse names that are one and the same where capitals or the making of accents do not count."""
        spelling = self._spelling.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if spelling != path:
            self._refuse(messages.SAME_BUT_FOR_CASE, path=readable(path), other=readable(spelling))

    def _checked(self, path: str | None) -> str:
        """A path of the archive in its plain form, relative to the folder and in it."""
        if path is None:
            self._refuse(messages.NOT_TEXT)
        if CONTROL.search(path):
            self._refuse(messages.CONTROL_CHARACTER, path=readable(path))
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if path.startswith("/") or ".." in parts or "\\" in path or _WINDOWS_DRIVE.match(path):
            self._refuse(messages.UNSAFE_PATH, path=readable(path))
        if len(parts) > MAX_DEPTH or any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts):
            self._refuse(messages.TOO_LONG, path=readable(path))
        return "/".join(parts)

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._most_bytes:
            if self._most_bytes == MOST_BYTES:
                self._refuse(messages.TOO_LARGE, most=MOST_BYTES // 10**9)
            self._refuse(messages.TOO_DENSE, most=MOST_GROWTH)

    def _refuse(self, template: str, **values: Any) -> NoReturn:
        raise UserError(template, name=self._name, **values)


def _is_ignored(path: str) -> bool:
    """Whether the operating system put it there, and nobody wants it."""
    *folders, name = path.split("/")
    return not _IGNORED_FOLDERS.isdisjoint([*folders, name]) or name in _IGNORED_FILES or name.startswith(_APPLE_DOUBLE)
