"""Pictures that unpack to far more than they are."""

from __future__ import annotations

import base64
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.imaging.image import read_image
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.services import prediction
from tests import images
from tests.conftest import Server
from tests.flow import import_dataset
from tests.images import make_classification
from tests.uploading import new_dataset, send_form, settled, zipped


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_pixel_bomb_is_refused_wherever_a_picture_comes_from(
    shared_server: Server, tmp_path: Path, side: int
) -> None:
    """A kilobyte that would be gigabytes of pixels."""
    source = make_classification(tmp_path / "source")
    bomb = images.bomb(source / "circle/bomb.png", side).read_bytes()
    archive = [("archive", ("a.zip", zipped(source)))]
    imported, unpacked, grown = (new_dataset(shared_server) for _ in range(3))
    shared_server.ok("PUT", "/dataset", did=imported, path=str(source))
    send_form(shared_server, "/dataset", archive, did=unpacked)
    send_form(shared_server, "/dataset/images", [("images", ("bomb.png", bomb))], did=grown, label="circle")
    for did in (imported, unpacked, grown):
        status, message = settled(shared_server, did)
        assert status == 2
        assert f"circle/bomb.png: the image has {side} x {side} pixels" in message


def test_the_server_itself_decodes_no_picture_of_a_client_beyond_the_limits(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="60000 x 60000 pixels"):
        prediction.decode_picture(base64.b64encode(images.bomb(tmp_path / "a.png").read_bytes()).decode())
    with pytest.raises(UserError, match="base64"):
        prediction.decode_picture("")


def test_a_pixel_bomb_that_the_picture_of_a_dataset_became_is_not_drawn(shared_server: Server, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "source")
    did = import_dataset(shared_server, source)
    images.bomb(shared_server.workspace / "datasets" / did / "circle/0000.png")
    message = shared_server.refused("GET", "/file", did=did, path="circle/0000.png")
    assert "60000 x 60000 pixels" in message


@pytest.mark.filterwarnings("default::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_job_decodes_no_pixel_bomb(tmp_path: Path, side: int) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(JobFailed, match="cannot be read"):
            read_image(images.bomb(tmp_path / "a.png", side))
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


def test_a_program_of_postscript_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow hands PostScript to ghostscript, which is a language to write programs in."""
    ran = tmp_path / "ran"
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {ran}\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    with pytest.raises(JobFailed, match="cannot be read"):
        read_image(tmp_path / "a.png")
    assert not ran.exists()


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
