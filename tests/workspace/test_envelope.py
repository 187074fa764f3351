"""A copy of the workspace file tells every damage, and counts up to it."""

from __future__ import annotations

import hashlib
import struct

import pytest

from paddlex_restful.workspace.envelope import NewerFormatError, seal, seal_record, unseal

PAYLOAD = b"the entries of a workspace"
RECORDS = (b"one", b"the second change", b"3")


def _whole(generation: int = 1 << 40) -> bytes:
    data, digest = seal(generation, PAYLOAD)
    for record in RECORDS:
        sealed = seal_record(digest, record)
        data, digest = data + sealed.data, sealed.digest
    return data


def _ends() -> list[int]:
    """Where the envelope and each record end."""
    ends = [len(seal(1, PAYLOAD).data)]
    for record in RECORDS:
        ends.append(ends[-1] + len(seal_record(bytes(32), record).data))
    return ends


def test_what_was_sealed_is_told() -> None:
    data = _whole()
    for room in (0, 1, 100):
        content = unseal(data + bytes(room))
        assert content is not None
        assert (content.generation, content.payload, content.records) == (1 << 40, PAYLOAD, RECORDS)
        assert (content.end, content.clean, content.age) == (len(data), True, (1 << 40, 3))
        assert seal_record(content.digest, b"4").digest != seal_record(bytes(32), b"4").digest


def test_a_truncation_leaves_the_records_before_it() -> None:
    data, ends = _whole(), _ends()
    assert ends[-1] == len(data)
    for length in range(len(data)):
        content = unseal(data[:length].ljust(len(data), b"\0"))
        if length < ends[0] and data[length : ends[0]].strip(b"\0"):
            assert content is None
        else:
            assert content is not None
            assert content.records == RECORDS[: sum(end <= length for end in ends[1:])]
            assert content.clean == (not data[content.end : length].strip(b"\0"))
        if length < ends[0]:
            assert unseal(data[:length]) is None


def test_a_flipped_bit_leaves_the_records_before_it() -> None:
    data, ends = _whole(), _ends()
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 0x10
        try:
            content = unseal(bytes(altered))
        except NewerFormatError:
            assert 8 <= place < 12  # the version itself
            continue
        if place < ends[0]:
            assert content is None
        else:
            assert content is not None
            assert content.records == RECORDS[: sum(end <= place for end in ends[1:])]
            assert not content.clean


def test_a_record_counts_only_behind_those_that_it_was_written_behind() -> None:
    data = _whole(generation=1)
    _, digest = seal(1, PAYLOAD)
    first = seal_record(digest, RECORDS[0])
    other = seal(2, PAYLOAD).data
    # What an earlier generation left at the very place.
    content = unseal(other + first.data)
    assert content is not None
    assert (content.generation, content.records, content.clean) == (2, (), False)
    # Another change that was written over the first: the second was not made behind it.
    content = unseal(data[: _ends()[0]] + seal_record(digest, b"eno").data + data[_ends()[1] :])
    assert content is not None
    assert (content.records, content.clean) == ((b"eno",), False)


@pytest.mark.parametrize("version", [1, 2])
def test_the_versions_before_are_read_and_take_no_record(version: int) -> None:
    number = struct.pack("<Q", 7) if version > 1 else b""
    digest = hashlib.sha256(number + PAYLOAD).digest()
    sealed = struct.pack("<8sI", b"PDXREST\0", version) + number + struct.pack("<Q32s", len(PAYLOAD), digest) + PAYLOAD
    content = unseal(sealed)
    assert content is not None
    assert (content.generation, content.payload, content.records) == (7 * (version - 1), PAYLOAD, ())
    assert (content.end, content.clean) == (0, True)
    for length in range(len(sealed)):
        assert unseal(sealed[:length]) is None


def test_something_else_is_no_copy() -> None:
    for data in (b"", b"\0" * 1000, b"\x0a\x05hello" * 100):
        assert unseal(data) is None
