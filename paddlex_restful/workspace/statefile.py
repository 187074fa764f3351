"""The workspace file: two copies of the entries, each in an envelope with a checksum.

A change is written over one copy, synced, and then over the other; it is acknowledged when both are on the disk. At
any instant one of them is whole, and the newer whole one counts. So databases write their first pages (LMDB, for one);
to write over a file takes a fraction of the time of replacing it.

On disk an envelope is: magic (8 bytes), format version (uint32), generation (uint64), length of the payload in bytes
(uint64), SHA-256 of generation and payload (32 bytes), payload, zeros up to the end of the file; numbers are
little-endian. The generation grows with each save. Version 1 had none, and no zeros.
"""

from __future__ import annotations

import hashlib
import logging
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences

log = logging.getLogger(__name__)

PRIMARY = "workspace.restful.pb"
"""Not ``workspace.pb`` and the like: files of such names may be the original server's, which stay as they are."""
BACKUP = "workspace.restful.pb.bak"

_MAGIC = b"PDXREST\x00"
_VERSION = 2
_START = struct.Struct("<8sI")
_GENERATION = struct.Struct("<Q")
_DESCRIPTION = struct.Struct("<Q32s")

_GROWTH = 1 << 14
"""Files grow by this many bytes: to grow takes the disk longer than to be written over."""


class Envelope(NamedTuple):
    """What a whole copy holds.

    Attributes:
        generation: number of the save.
        payload: the entries, serialised.
    """

    generation: int
    payload: bytes


def seal(content: Envelope) -> bytes:
    """The bytes of a copy, without the zeros at its end."""
    generation = _GENERATION.pack(content.generation)
    digest = hashlib.sha256(generation + content.payload).digest()
    start = _START.pack(_MAGIC, _VERSION)
    return start + generation + _DESCRIPTION.pack(len(content.payload), digest) + content.payload


def unseal(data: bytes) -> Envelope | None:
    """What a copy holds; None if it is torn or altered.

    Raises:
        NewerFormatError: a later version wrote it.
    """
    if len(data) < _START.size:
        return None
    magic, version = _START.unpack_from(data)
    generation_size = _GENERATION.size if version > 1 else 0
    place = _START.size + generation_size
    if magic != _MAGIC or len(data) < place + _DESCRIPTION.size:
        return None
    generation = data[_START.size : place]
    length, digest = _DESCRIPTION.unpack_from(data, place)
    begin = place + _DESCRIPTION.size
    payload, rest = data[begin : begin + length], data[begin + length :]
    if len(payload) != length or any(rest) or hashlib.sha256(generation + payload).digest() != digest:
        return None
    if version > _VERSION:
        raise NewerFormatError(version)
    return Envelope(_GENERATION.unpack(generation)[0] if generation else 0, payload)


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


@dataclass
class _Copy:
    """One of the two files, as far as it is known.

    Attributes:
        path: the file.
        generation: of what it holds; -1 if it is not whole.
        size: its bytes.
    """

    path: Path
    generation: int = -1
    size: int = 0

    def write(self, generation: int, sealed: bytes) -> None:
        """Write what is to be held; a file that is not there is made.

        Args:
            generation: of the content.
            sealed: the content in its envelope.

        Raises:
            OSError: the disk refused; the copy may not be whole.
        """
        self.generation = -1
        data = sealed.ljust(max(self.size, -(-len(sealed) // _GROWTH) * _GROWTH), b"\0")
        try:
            durable.overwrite(self.path, data)
        except FileNotFoundError:
            durable.write_durably(self.path, data)
        self.generation, self.size = generation, len(data)


class StateFile:
    """Reads and writes the two copies of one workspace.

    Args:
        root: the workspace folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._copies = (_Copy(root / PRIMARY), _Copy(root / BACKUP))
        self._held: Envelope | None = None
        # Of the last attempt, also one that failed: what that may have left must not count for newer than the next.
        self._generation = 0

    def load(self) -> Loaded:
        """Reads the entries; a damaged copy is set aside under the name ``….damaged``.

        Raises:
            UserError: a later version wrote the file.
        """
        found = [self._read(copy) for copy in self._copies]
        whole = [content for content in found if content is not None]
        if not whole:
            return Loaded(None, False)
        self._held = max(whole, key=lambda content: content.generation)
        self._generation = self._held.generation
        if found[0] is None:
            log.warning("The workspace file was torn or missing; its second copy %s is used.", self._copies[1].path)
        return Loaded(self._held.payload, found[0] == found[1])

    def _read(self, copy: _Copy) -> Envelope | None:
        path = copy.path
        try:
            data = path.read_bytes()
            content = unseal(data)
        except FileNotFoundError:
            return None
        except NewerFormatError as error:
            raise UserError(sentences.NEWER, path=self._root, version=error.version) from None
        if content is None:
            aside = path.with_name(f"{path.name}.damaged")
            durable.rename(path, aside)
            log.warning("%s was damaged and is set aside as %s.", path, aside.name)
        else:
            copy.generation, copy.size = content.generation, len(data)
        return content

    def save(self, payload: bytes) -> None:
        """Writes both copies durably.

        Raises:
            OSError: the disk refused; what counts is as before.
        """
        self._generation += 1
        content = Envelope(self._generation, payload)
        sealed = seal(content)
        # The older one first: the other may be the only one that is whole.
        first, second = sorted(self._copies, key=lambda copy: copy.generation)
        try:
            first.write(content.generation, sealed)
        except OSError:
            self._take_back(first)
            raise
        self._held = content
        try:
            second.write(content.generation, sealed)
        except OSError as error:
            # The change is on the disk; only its second copy waits for the next save.
            log.warning("%s could not be brought up to date: %s.", second.path, error.strerror)

    def _take_back(self, copy: _Copy) -> None:
        """Lets a copy that may hold a refused change hold what the other one holds."""
        if self._held is None:
            durable.remove_if_there(copy.path)
            return
        try:
            copy.write(self._held.generation, seal(self._held))
        except OSError as error:
            log.error("A refused change may still be in %s until the next save: %s.", copy.path, error.strerror)
