"""What clients have sent and nothing has taken over yet: archives, in chunks, and images.

Each upload is a folder of ``uploads/`` in the workspace. What was acknowledged is on the disk: ``upload.meta``, which
is replaced after the bytes are synced, says up to where they count. Server and jobs find an upload by its folder.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import orjson

from paddlex_restful.diskspace import Disk
from paddlex_restful.durable import make_folder, sync, sync_folder, write_durably
from paddlex_restful.errors import UserError
from paddlex_restful.messages import upload as messages

HOME = "uploads"
CONTENT = "content"
META = "upload.meta"

MOST_UPLOADS = 64
MOST_BYTES = 200 * 10**9
"""Of all uploads together."""

MAX_AGE = 24 * 3600.0
"""Seconds after its last chunk from which an upload counts as abandoned."""

_PIECE = 1 << 20
_ID = re.compile(r"U[0-9a-f]{32}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """One upload.

    Attributes:
        id: its id, which nobody guesses.
        name: what the client calls it.
        size: bytes that it will have.
        offset: bytes that are there.
        sha256: the checksum that it must have, in hexadecimal; empty if none was told.
    """

    id: str
    name: str
    size: int
    offset: int = 0
    sha256: str = ""

    @property
    def complete(self) -> bool:
        """Whether all of it is there."""
        return self.offset == self.size


class WrongOffset(UserError):  # noqa: N818  the word of the call
    """A chunk does not begin where the last one ended; the answer tells where that is."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.fields = {"offset": values["offset"]}


class Uploads:
    """The uploads of one workspace. Made once for a server, and used from all its threads.

    Args:
        root: the workspace folder.
        min_free: bytes of its disk that stay free.
    """

    def __init__(self, root: Path, min_free: int = 0) -> None:
        self._home = root / HOME
        self._disk = Disk(self._home, min_free)
        self._locks: dict[str, threading.Lock] = {}
        self._making = threading.Lock()

    def folder(self, id: str) -> Path:
        """The folder of an upload, whether it exists or not.

        Raises:
            UserError: it is no id of one.
        """
        if not _ID.fullmatch(id):
            raise UserError(messages.NO_SUCH_UPLOAD, id=id)
        return self._home / id

    def begin(self, name: str, size: int, sha256: str = "", in_use: Container[str] = ()) -> Upload:
        """Make an upload, and sweep up abandoned ones.

        Args:
            name: what to call it.
            size: bytes that it will have.
            sha256: the checksum that it must have.
            in_use: ids that are not abandoned however old they are.

        Raises:
            UserError: there are too many, or the disk has no room for it.
        """
        with self._making:
            self.sweep(in_use)
            others = list(self._all())
            if len(others) >= MOST_UPLOADS:
                raise UserError(messages.TOO_MANY, most=MOST_UPLOADS)
            if sum(other.size for other in others) + size > MOST_BYTES:
                raise UserError(messages.TOO_MUCH, most=MOST_BYTES // 10**9)
            self._disk.require(size + sum(other.size - other.offset for other in others))
            upload = Upload(f"U{secrets.token_hex(16)}", name, size, 0, sha256)
            folder = self.folder(upload.id)
            folder.parent.mkdir(exist_ok=True)
            make_folder(folder)
            self._save(upload)
            sync_folder(folder.parent)
        return upload

    def append(self, id: str, offset: int, content: IO[bytes], length: int) -> Upload:
        """Take a chunk; it is on the disk when this returns.

        Args:
            id: the upload.
            offset: where the chunk begins.
            content: its bytes.
            length: how many they are.

        Raises:
            WrongOffset: that is not where the last chunk ended.
            UserError: there is no such upload, the chunk leads over its end, or the disk is full.
            OSError: it cannot be written; what was there stays.
        """
        self.get(id)
        with self._lock(id):
            upload = self.get(id)
            if offset != upload.offset:
                raise WrongOffset(messages.WRONG_OFFSET, sent=offset, offset=upload.offset, name=upload.name)
            if offset + length > upload.size:
                raise UserError(messages.OVER_THE_END, name=upload.name, size=upload.size, left=upload.size - offset)
            self._disk.require(length)
            with (self.folder(id) / CONTENT).open("ab") as file:
                # What a chunk left that was cut off does not count.
                file.truncate(offset)
                written = 0
                while piece := content.read(_PIECE):
                    written += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if written != length:
                raise UserError(messages.CUT_OFF, name=upload.name, offset=offset)
            upload = replace(upload, offset=offset + length)
            self._save(upload)
        return upload

    def hold(self, name: str, parts: Sequence[IO[bytes]], in_use: Container[str] = ()) -> Upload:
        """Keep whole files of a client; they get the names ``0``, ``1`` …

        Args:
            name: what to call them together.
            parts: their bytes.
            in_use: as of ``begin``.

        Raises:
            UserError: there are too many uploads, or the disk has no room.
            OSError: they cannot be written; nothing is kept then.
        """
        upload = self.begin(name, sum(map(_size, parts)), in_use=in_use)
        folder = self.folder(upload.id)
        try:
            for number, part in enumerate(parts):
                with (folder / str(number)).open("xb") as file:
                    shutil.copyfileobj(part, file, _PIECE)
                sync(folder / str(number))
            sync_folder(folder)
            upload = replace(upload, offset=upload.size)
            self._save(upload)
        except BaseException:
            self.remove(upload.id)
            raise
        return upload

    def get(self, id: str) -> Upload:
        """An upload as it is on the disk.

        Raises:
            UserError: there is none.
        """
        upload = self._read(self.folder(id))
        if upload is None:
            raise UserError(messages.NO_SUCH_UPLOAD, id=id)
        return upload

    def remove(self, id: str) -> None:
        """Remove an upload, if it is there; what cannot be removed is swept up another time."""
        with self._lock(id):
            shutil.rmtree(self.folder(id), ignore_errors=True)
        self._locks.pop(id, None)

    def sweep(self, in_use: Container[str] = ()) -> None:
        """Remove abandoned uploads.

        Args:
            in_use: ids that are not abandoned however old they are.
        """
        for folder in self._folders():
            if folder.name not in in_use and time.time() - _touched(folder) > MAX_AGE:
                _log.info("The upload %s, which nobody went on with, is removed.", folder.name)
                self.remove(folder.name)

    @contextmanager
    def _lock(self, id: str) -> Iterator[None]:
        self.folder(id)
        with self._locks.setdefault(id, threading.Lock()):
            yield

    def _folders(self) -> Iterator[Path]:
        if self._home.is_dir():
            yield from (folder for folder in list(self._home.iterdir()) if _ID.fullmatch(folder.name))

    def _all(self) -> Iterator[Upload]:
        yield from (upload for folder in self._folders() if (upload := self._read(folder)) is not None)

    def _read(self, folder: Path) -> Upload | None:
        try:
            told: dict[str, Any] = orjson.loads((folder / META).read_bytes())
            return Upload(**told)
        except FileNotFoundError:
            return None

    def _save(self, upload: Upload) -> None:
        write_durably(self.folder(upload.id) / META, orjson.dumps(asdict(upload)))


def _size(part: IO[bytes]) -> int:
    size = part.seek(0, os.SEEK_END)
    part.seek(0)
    return size


def _touched(folder: Path) -> float:
    """When the last chunk came."""
    try:
        return max(path.stat().st_mtime for path in (folder, folder / META) if path.exists())
    except (FileNotFoundError, ValueError):  # gone meanwhile
        return time.time()
