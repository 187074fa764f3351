"""Uploads in chunks, which go on where a broken connection left them."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from paddlex_restful.client.errors import ApiError, ClientError, NoAnswer
from paddlex_restful.client.transport import Transport
from paddlex_restful.client.waiting import Bar
from paddlex_restful.messages import client as sentences

_PATH = "/upload"
_CHUNK = 8 << 20
_BLOCK = 1 << 20
_MOST_FAILURES = 5
"""So often a chunk may fail without one that arrived between."""


def upload(transport: Transport, source: Path, bar: bool) -> str:
    """Send a folder or an archive to the server.

    Args:
        transport: to the server.
        source: a folder, which is packed as a zip archive first, or an archive.
        bar: show a bar, if on a terminal.

    Returns:
        The upload's id.

    Raises:
        ClientError: there is no such file, or the server refuses or does not answer.
    """
    with _archive(source) as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
        size = file.tell()
        name = source.name if source.is_file() else f"{source.resolve().name}.zip"
        arguments = {"name": name, "size": size, "sha256": digest.hexdigest()}
        begun = transport.call("POST", _PATH, arguments)
        with Bar(size, "B", name, bar) as shown:
            _send(transport, file, begun["upload_id"], size, shown)
    return str(begun["upload_id"])


def _send(transport: Transport, file: IO[bytes], upload_id: str, size: int, shown: Bar) -> None:
    offset, failures = 0, 0
    while offset < size:
        file.seek(offset)
        try:
            offset = _send_chunk(transport, file.read(_CHUNK), upload_id, offset)
            failures = 0
        except (NoAnswer, ApiError):
            failures += 1
            if failures > _MOST_FAILURES:
                raise
            # How much of the chunk arrived is known there alone.
            offset = int(transport.call("GET", _PATH, {"upload_id": upload_id})["offset"])
        shown.show(offset)


def _send_chunk(transport: Transport, chunk: bytes, upload_id: str, offset: int) -> int:
    """The offset of the next chunk."""
    place = {"upload_id": upload_id, "offset": str(offset)}
    headers = {"Content-Type": "application/octet-stream"}
    response = transport.request("PUT", _PATH, params=place, data=chunk, headers=headers, repeat=False)
    return int(transport.answer(response, "PUT", _PATH)["offset"])


@contextmanager
def _archive(source: Path) -> Iterator[IO[bytes]]:
    """The archive, or a folder packed as one that vanishes afterwards."""
    if source.is_file():
        with source.open("rb") as file:
            yield file
    elif source.is_dir():
        with tempfile.TemporaryFile() as packed:
            # Stored as they are: pictures are compressed already.
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
                for folder, folders, names in os.walk(source):
                    folders.sort()
                    for name in sorted(names):
                        path = Path(folder, name)
                        archive.write(path, path.relative_to(source))
            packed.seek(0)
            yield packed
    else:
        raise ClientError(sentences.NO_SUCH_FILE, path=source)
