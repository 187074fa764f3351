"""Finds out whether an image file is whole, and its size, without decoding its pixels.

The structure of a PNG (every chunk with its checksum), of a JPEG (segments up to the scan, and the end mark after it)
and of a plain BMP (length against size) tells a truncated file as surely as decoding does, at a fraction of the cost.
A file whose structure leaves a doubt is decoded by Pillow, whose word then counts.
"""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from paddlex_restful.datasets.reading import BadFile, read_whole
from paddlex_restful.messages import dataset as messages

MAX_PIXELS = Image.MAX_IMAGE_PIXELS or 89_478_485
"""Pillow warns of a decompression bomb from here on."""

MAX_BYTES = 512 << 20
"""Of one image file; one of so many pixels has no more."""

_PNG = b"\x89PNG\r\n\x1a\n"


class BadImage(BadFile):
    """The file is not an image that can be used; the message follows the file's name."""


def measure(path: str) -> tuple[int, int]:
    """Width and height in pixels of a whole PNG, JPEG or BMP file.

    The pixels are those of the file: an orientation in the EXIF data is not applied.

    Raises:
        BadFile: the file cannot be read; ``BadImage``: it is none of these, is damaged or has too many pixels.
    """
    data = read_whole(path, MAX_BYTES)
    size = told_size(data) or _decoded_size(data)
    _refuse_too_many(size)
    return size


def told_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG or BMP file as its structure tells them, without decoding anything.

    Args:
        data: the file.

    Returns:
        None where its structure leaves a doubt, which only decoding can resolve.

    Raises:
        BadImage: it is none of these, or has too many pixels.
    """
    if data.startswith(_PNG):
        size = _png_size(data)
    elif data.startswith(b"\xff\xd8\xff"):
        size = _jpeg_size(data)
    elif data.startswith(b"BM"):
        size = _bmp_size(data)
    else:
        raise BadImage(messages.NOT_AN_IMAGE if data else messages.EMPTY_FILE)
    if size is not None:
        _refuse_too_many(size)
    return size


def _refuse_too_many(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise BadImage(messages.TOO_MANY_PIXELS, width=width, height=height, limit=MAX_PIXELS)


def _png_size(data: bytes) -> tuple[int, int] | None:
    view = memoryview(data)
    size: tuple[int, int] | None = None
    pixels = False
    at = len(_PNG)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data) or zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            return None
        if kind == b"IHDR" and length >= 8:
            size = struct.unpack_from(">II", data, at + 8)
        elif kind == b"IDAT":
            pixels = True
        elif kind == b"IEND":
            return size if size and all(size) and pixels else None
        at = end
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    size: tuple[int, int] | None = None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xDA:
            # Inside a scan 0xFFD9 can only be the end: other 0xFF bytes are stuffed.
            whole = data.rfind(b"\xff\xd9", at) >= 0
            return size if whole and size and all(size) else None
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack_from(">HH", data, at + 5)
                size = width, height
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _bmp_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 54:
        return None
    offset, header, width, height = struct.unpack_from("<IIii", data, 10)
    bits, compression = struct.unpack_from("<HI", data, 28)
    if header < 40 or compression != 0 or width <= 0 or height == 0:
        return None
    row = (width * bits + 31) // 32 * 4
    return (width, abs(height)) if offset + row * abs(height) <= len(data) else None


def _decoded_size(data: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "BMP")) as image:
            size: tuple[int, int] = image.size
            if image.width * image.height <= MAX_PIXELS:
                image.load()
            return size
    except Exception:  # noqa: BLE001  whatever a decoder makes of damaged bytes, the file is bad
        raise BadImage(messages.UNREADABLE_IMAGE) from None
