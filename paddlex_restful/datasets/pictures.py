"""Pictures of a dataset's images, in the size in which a page shows them."""

from __future__ import annotations

import hashlib
import io
import threading
from enum import Enum
from pathlib import Path

from PIL import Image

from paddlex_restful.cores import usable_cores
from paddlex_restful.datasets import store
from paddlex_restful.datasets.formats import format_of
from paddlex_restful.datasets.imagefile import MAX_BYTES, told_size
from paddlex_restful.datasets.reading import BadFile, read_whole
from paddlex_restful.datasets.serving import to_rgb
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages
from paddlex_restful.stamps import stamp

MEDIA = "image/webp"

MOST_SIDE = 2048
"""Pixels of the longer side of a picture, at most."""

_LEAST_NAMED = 512
"""Pixels of the longer side from which on names can be read in a picture; smaller ones are enlarged."""

_QUALITY = 82

decoding = threading.BoundedSemaphore(usable_cores())
"""Only so many images lie in memory decoded, whatever is asked for at once."""


class Labels(str, Enum):
    """What is drawn of the labels: nothing, boxes and masks, or these with the names of their classes."""

    NONE = "none"
    SHAPES = "shapes"
    NAMES = "names"


def first_image(folder: Path) -> str:
    """The image that stands for an imported dataset."""
    return next(iter(store.load_statistics(folder).file_info))


def tag(folder: Path, image: str) -> str:
    """Changes whenever the file of an image, its annotation or the dataset does.

    Args:
        folder: the dataset.
        image: path of the image, relative to the dataset.

    Raises:
        UserError: it is not an image of the dataset, or is gone.
    """
    statistics = _statistics(folder, image)
    files = [folder / store.STATISTICS_FILE, folder / image]
    annotation = folder / statistics.file_info[image]
    if annotation.is_file():
        files.append(annotation)
    try:
        versions = [stamp(file) for file in files]
    except OSError as error:
        reason = messages.UNREADABLE_FILE.format(reason=error.strerror)
        raise UserError(messages.UNDRAWABLE, image=image, reason=reason) from None
    told = " ".join(str(figure) for version in versions for figure in version)
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def picture(folder: Path, type: str, image: str, side: int, labels: Labels) -> bytes:
    """An image of a dataset as WebP.

    Args:
        folder: the dataset.
        type: project type's name.
        image: path of the image, relative to the dataset.
        side: pixels of its longer side at most; smaller images stay as they are, and are enlarged only for names.
        labels: what is drawn of its labels.

    Raises:
        UserError: it is not an image of the dataset, or image or annotation have become unreadable.
    """
    statistics = _statistics(folder, image)
    least = min(side, _LEAST_NAMED) if labels is Labels.NAMES else 0
    try:
        with decoding:
            drawn, scale = _read(folder, image, side, least)
        if labels is not Labels.NONE:
            named = labels is Labels.NAMES
            drawn = format_of(type).draw(folder, statistics, image, drawn, scale, named=named)
    except BadFile as error:
        raise UserError(messages.UNDRAWABLE, image=image, reason=error) from None
    return encoded(drawn)


def encoded(image: Image.Image) -> bytes:
    """An RGB image as a file of the type ``MEDIA``."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()


def reduced(data: bytes, side: int, least: int = 0) -> tuple[Image.Image, float]:
    """A copy of an image, and its sides as a multiple of the original's.

    Args:
        data: a PNG, JPEG or BMP file.
        side: pixels of the longer side of the copy at most.
        least: pixels of the longer side up to which a smaller image is enlarged, by a whole factor.

    Raises:
        BadFile: it is damaged or has too many pixels.
    """
    told_size(data)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "BMP")) as opened:
            width = opened.width
            # A JPEG is decoded in an eighth of its size at the least, which takes a fraction of the time.
            opened.draft(None, (side, side))
            copy = to_rgb(opened)
    except Exception:  # noqa: BLE001  whatever a decoder makes of damaged bytes, the file is bad
        raise BadFile(messages.UNREADABLE_IMAGE) from None
    copy.thumbnail((side, side), Image.Resampling.BILINEAR)
    factor = least // max(copy.size)
    if factor > 1:
        copy = copy.resize((copy.width * factor, copy.height * factor), Image.Resampling.NEAREST)
    return copy, copy.width / width


def _read(folder: Path, image: str, side: int, least: int) -> tuple[Image.Image, float]:
    return reduced(read_whole(folder / image, MAX_BYTES, folder.resolve()), side, least)


def _statistics(folder: Path, image: str) -> store.Statistics:
    statistics = store.load_statistics(folder)
    if image not in statistics.file_info:
        raise UserError(messages.UNKNOWN_IMAGE, image=image)
    return statistics
