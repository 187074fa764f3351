"""The workspace file: two copies of the entries, each in an envelope with a checksum.

Both copies are written before a change is acknowledged. The first one decides; the second serves when the first is torn
or missing. On disk an envelope is: magic (8 bytes), format version (uint32), length of the payload in bytes (uint64),
SHA-256 of the payload (32 bytes), payload; numbers are little-endian.
"""

from __future__ import annotations

import hashlib
import logging
import struct
from dataclasses import dataclass
from pathlib import Path

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences

log = logging.getLogger(__name__)

PRIMARY = "workspace.restful.pb"
"""Not ``workspace.pb`` and the like: files of such names may be the original server's, which stay as they are."""
BACKUP = "workspace.restful.pb.bak"

_MAGIC = b"PDXREST\x00"
_VERSION = 1
_HEADER = struct.Struct("<8sIQ32s")


def seal(payload: bytes) -> bytes:
    """The payload in its envelope."""
    return _HEADER.pack(_MAGIC, _VERSION, len(payload), hashlib.sha256(payload).digest()) + payload


def unseal(data: bytes) -> bytes | None:
    """The payload of an envelope; None if it is torn or altered.

    Raises:
        NewerFormatError: a later version wrote it.
    """
    if len(data) < _HEADER.size:
        return None
    magic, version, length, digest = _HEADER.unpack_from(data)
    payload = data[_HEADER.size :]
    if magic != _MAGIC or len(payload) != length or hashlib.sha256(payload).digest() != digest:
        return None
    if version > _VERSION:
        raise NewerFormatError(version)
    return payload


class NewerFormatError(Exception):
    """The envelope is whole and of a version that this code does not know."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(version)


@dataclass(frozen=True)
class Loaded:
    """What was read.

    Attributes:
        payload: the entries, serialised; None if neither copy is whole.
        whole: both copies are there and equal.
    """

    payload: bytes | None
    whole: bool


class StateFile:
    """Reads and writes the two copies of one workspace.

    Args:
        root: the workspace folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._primary = root / PRIMARY
        self._backup = root / BACKUP
        # Fixed names: there is one writer, and what a crash leaves is overwritten by the next save.
        self._new_primary = root / f".{PRIMARY}{durable.TEMPORARY_SUFFIX}"
        self._new_backup = root / f".{BACKUP}{durable.TEMPORARY_SUFFIX}"
        self._backup_is_current = False

    def load(self) -> Loaded:
        """Reads the entries; a damaged copy is set aside under the name ``….damaged``.

        Raises:
            UserError: a later version wrote the file.
        """
        durable.remove_if_there(self._new_primary)
        durable.remove_if_there(self._new_backup)
        first, second = self._read(self._primary), self._read(self._backup)
        if first is None and second is not None:
            log.warning("The workspace file was torn or missing; its second copy %s is used.", self._backup)
        self._backup_is_current = first is not None and first == second
        return Loaded(second if first is None else first, self._backup_is_current)

    def _read(self, path: Path) -> bytes | None:
        try:
            payload = unseal(path.read_bytes())
        except FileNotFoundError:
            return None
        except NewerFormatError as error:
            raise UserError(sentences.NEWER, path=self._root, version=error.version) from None
        if payload is None:
            aside = path.with_name(f"{path.name}.damaged")
            durable.rename(path, aside)
            log.warning("%s was damaged and is set aside as %s.", path, aside.name)
        return payload

    def save(self, payload: bytes) -> None:
        """Writes both copies durably.

        Raises:
            OSError: the disk refused; what is on it is as before.
        """
        sealed = seal(payload)
        try:
            durable.write_synced(self._new_primary, sealed)
            durable.write_synced(self._new_backup, sealed)
            durable.rename(self._new_primary, self._primary)
        except OSError:
            durable.remove_if_there(self._new_primary)
            durable.remove_if_there(self._new_backup)
            raise
        try:
            durable.sync_folder(self._root)
        except OSError:
            self._take_back()
            raise
        try:
            durable.rename(self._new_backup, self._backup)
            self._backup_is_current = True
        except OSError as error:
            # The change is on the disk; only its second copy waits for the next save.
            self._backup_is_current = False
            log.warning("The second copy of the workspace file could not be renamed: %s.", error.strerror)

    def _take_back(self) -> None:
        """Puts the previous content back after a rename that could not be made durable."""
        durable.remove_if_there(self._new_backup)
        try:
            if self._backup_is_current:
                self._backup_is_current = False
                durable.rename(self._backup, self._primary)
            elif not self._backup.exists():
                durable.remove_if_there(self._primary)
        except OSError as error:
            log.error("A refused change may still be in the workspace file until the next save: %s.", error.strerror)
