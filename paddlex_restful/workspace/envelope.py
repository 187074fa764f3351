"""How a copy of the workspace file looks: an envelope, records of what was changed since, zeros up to its end.

Numbers are little-endian:

- the envelope: magic (8 bytes), format version (uint32), generation (uint64), length of the payload in bytes (uint64),
  SHA-256 of generation and payload (32 bytes), payload. The generation grows each time that the copies are written
  anew;
- each record: length of its data in bytes (uint32), SHA-256 of the digest before it, that length and the data
  (32 bytes), data. So a record counts only behind those that it was written behind.

Version 1 had no generation, no records and no zeros; version 2 had no records.
"""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

_MAGIC = b"PDXREST\x00"
_VERSION = 3
_START = struct.Struct("<8sI")
_GENERATION = struct.Struct("<Q")
_DESCRIPTION = struct.Struct("<Q32s")
_LENGTH = struct.Struct("<I")
_RECORD = struct.Struct("<I32s")


class Sealed(NamedTuple):
    """An envelope or a record as it is written.

    Attributes:
        data: its bytes.
        digest: what the next record is sealed with.
    """

    data: bytes
    digest: bytes


class Content(NamedTuple):
    """What a copy holds.

    Attributes:
        generation: number of the time that the copies were written anew.
        payload: what the envelope holds.
        records: what the records behind it hold.
        digest: of the last of them, or of the envelope.
        end: bytes of all that, where the next record may be written; 0 in a version that knows of none.
        clean: nothing but zeros follows. What follows otherwise is no whole record.
    """

    generation: int
    payload: bytes
    records: tuple[bytes, ...]
    digest: bytes
    end: int
    clean: bool

    @property
    def age(self) -> tuple[int, int]:
        """The greater one is the newer one."""
        return self.generation, len(self.records)


class NewerFormatError(Exception):
    """The envelope is whole and of a version that this code does not know."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(version)


def seal(generation: int, payload: bytes) -> Sealed:
    """An envelope around a payload."""
    number = _GENERATION.pack(generation)
    digest = hashlib.sha256(number + payload).digest()
    return Sealed(_START.pack(_MAGIC, _VERSION) + number + _DESCRIPTION.pack(len(payload), digest) + payload, digest)


def seal_record(previous: bytes, data: bytes) -> Sealed:
    """A record.

    Args:
        previous: digest of the record before it, or of the envelope.
        data: what it is to hold; not empty.
    """
    digest = _digest(previous, data)
    return Sealed(_RECORD.pack(len(data), digest) + data, digest)


def _digest(previous: bytes, data: bytes) -> bytes:
    return hashlib.sha256(previous + _LENGTH.pack(len(data)) + data).digest()


def unseal(data: bytes) -> Content | None:
    """What a copy holds; None if its envelope is torn or altered.

    Raises:
        NewerFormatError: a later version wrote it.
    """
    if len(data) < _START.size:
        return None
    magic, version = _START.unpack_from(data)
    place = _START.size + (_GENERATION.size if version > 1 else 0)
    if magic != _MAGIC or len(data) < place + _DESCRIPTION.size:
        return None
    number = data[_START.size : place]
    length, digest = _DESCRIPTION.unpack_from(data, place)
    begin = place + _DESCRIPTION.size
    payload = data[begin : begin + length]
    if len(payload) != length or hashlib.sha256(number + payload).digest() != digest:
        return None
    if version > _VERSION:
        raise NewerFormatError(version)
    end = begin + length
    records, digest, end = _unseal_records(data, digest, end) if version == _VERSION else ((), digest, end)
    clean = data.count(0, end) == len(data) - end
    generation = _GENERATION.unpack(number)[0] if number else 0
    return Content(generation, payload, records, digest, end if version == _VERSION else 0, clean)


def _unseal_records(data: bytes, digest: bytes, end: int) -> tuple[tuple[bytes, ...], bytes, int]:
    """The whole records from an offset on, the last one's digest, and where it ends."""
    records = []
    while len(data) >= end + _RECORD.size:
        length, expected = _RECORD.unpack_from(data, end)
        record = data[end + _RECORD.size : end + _RECORD.size + length]
        if not length or len(record) != length or _digest(digest, record) != expected:
            break
        records.append(record)
        digest = expected
        end += _RECORD.size + length
    return tuple(records), digest, end
