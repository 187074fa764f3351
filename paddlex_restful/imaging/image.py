"""Image files as arrays.

A camera writes the pixels as its sensor lay and notes in the EXIF data how the picture is to be turned; people see the
turned one, and so do nets.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from paddlex_restful.datasets.imagefile import MAX_BYTES, MAX_PIXELS
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages

Pixels = NDArray[np.uint8]
"""Images, RGB: [H, W, 3], or [N, H, W, 3]."""

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""Kinds of images that are read; Pillow has decoders of forty more, some of which start other programs."""

_UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)

_SENT = "the picture"
"""What sentences call an image that is no file."""

Matrix = NDArray[np.float64]
"""Affine map of points, [2, 3]: (x, y) goes to ``matrix @ (x, y, 1)``. A pixel covers the unit square from its upper
left corner at (column, row), so that an image spans from (0, 0) to (width, height)."""

UPRIGHT = 1
"""The orientation of an image that is stored as people see it."""

_ORIENTATIONS: Mapping[int, tuple[bool, bool, bool]] = {
    1: (False, False, False),
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}
"""EXIF orientation: whether rows and columns are exchanged, then left and right, then top and bottom."""


def read_image(path: Path) -> Pixels:
    """Read an image of any common kind as people see it.

    The EXIF orientation is applied; grey becomes three equal channels, transparency is dropped, palettes are resolved,
    and of 16 bits the upper 8 are kept.

    Args:
        path: the file.

    Returns:
        Array of shape [H, W, 3], RGB.

    Raises:
        JobFailed: the file is missing, damaged, no image, or so large that decoding it is unsafe.
    """
    return upright(*read_stored(path))


def decode_image(data: bytes) -> Pixels:
    """As ``read_image``, of an image that is no file.

    Args:
        data: what such a file holds.

    Raises:
        JobFailed: as of ``read_image``.
    """
    try:
        return upright(*_stored(io.BytesIO(data), len(data)))
    except _UNREADABLE as error:
        raise JobFailed("unreadable_image", messages.UNREADABLE_IMAGE, file=_SENT) from error


def read_stored(path: Path) -> tuple[Pixels, int]:
    """Read an image as it lies in its file, and the orientation in which it is to be seen (1 to 8).

    Args:
        path: the file.

    Raises:
        JobFailed: as of ``read_image``.
    """
    try:
        return _stored(path, path.stat().st_size)
    except _UNREADABLE as error:
        raise JobFailed("unreadable_image", messages.UNREADABLE_IMAGE, file=short_name(path)) from error


def _stored(source: Path | IO[bytes], size: int) -> tuple[Pixels, int]:
    with Image.open(source, formats=_FORMATS) as image:
        # From the header: nothing is decoded yet.
        if image.width * image.height > MAX_PIXELS or size > MAX_BYTES:
            raise ValueError
        orientation = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
        pixels = np.asarray(_to_rgb(image))
    return pixels, orientation if orientation in _ORIENTATIONS else UPRIGHT


def short_name(path: Path) -> str:
    """A file as sentences name it: with the folder that it lies in."""
    return f"{path.parent.name}/{path.name}"


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).astype(np.int64).clip(0, 65535) >> 8).astype(np.uint8))
    elif image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn what is stored in an orientation as people see it.

    Args:
        pixels: image or mask, [H, W, …].
        orientation: of the EXIF data, 1 to 8.
    """
    transposed, mirrored, upended = _ORIENTATIONS[orientation]
    if transposed:
        pixels = pixels.swapaxes(0, 1)
    return np.ascontiguousarray(pixels[:: -1 if upended else 1, :: -1 if mirrored else 1])


def upright_matrix(orientation: int, width: int, height: int) -> Matrix:
    """Where ``upright`` brings the points of an image of this stored size."""
    transposed, mirrored, upended = _ORIENTATIONS[orientation]
    matrix = np.array([[0.0, 1, 0], [1, 0, 0]]) if transposed else np.array([[1.0, 0, 0], [0, 1, 0]])
    width, height = (height, width) if transposed else (width, height)
    if mirrored:
        matrix[0] = [0, 0, width] - matrix[0]
    if upended:
        matrix[1] = [0, 0, height] - matrix[1]
    return matrix
