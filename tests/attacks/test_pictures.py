"""Pictures that unpack to far more than they are."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests.conftest import Server
from tests.flow import import_dataset
from tests.images import make_classification


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_picture_with_an_exploding_comment_is_refused_in_a_sentence(shared_server: Server, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "source")
    folder = next(entry for entry in sorted(source.iterdir()) if entry.is_dir())
    (folder / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
        + _chunk(b"zTXt", b"comment\0\0" + zlib.compress(bytes(20_000_000)))
        + _chunk(b"IDAT", zlib.compress(bytes(9 * 8)))
        + _chunk(b"IEND", b"")
    )
    did = import_dataset(shared_server, source)
    message = shared_server.refused("GET", "/file", did=did, path=f"{folder.name}/bomb.png")
    assert "can no longer be drawn" in message
