"""What the server and training ask of an imported dataset."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath

from PIL import Image

from paddlex_restful.datasets import store
from paddlex_restful.datasets.formats import format_of
from paddlex_restful.datasets.imagefile import measure
from paddlex_restful.datasets.reading import BadFile
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages


def labels(folder: Path) -> list[str]:
    """Names of a dataset's classes, in the order of their indices.

    Raises:
        UserError: the dataset is not imported.
    """
    return list(store.load_statistics(folder).labels)


def samples(folder: Path, type: str, split: str) -> list[Sample]:
    """The images of one part of a dataset with their labels.

    Args:
        folder: the dataset.
        type: project type's name.
        split: ``train``, ``val`` or ``test``.

    Raises:
        UserError: the dataset is not imported or not split, or there is no such part.
    """
    if split not in store.SPLITS:
        raise UserError(messages.UNKNOWN_SPLIT, split=split)
    statistics = store.load_statistics(folder)
    parts = store.load_split(folder)
    if parts is None:
        raise UserError(messages.NOT_SPLIT)
    return format_of(type).samples(folder, statistics, parts[split])


def find_sample(folder: Path, type: str, stem: str) -> Sample | None:
    """The image of this name, without folder and ending, with its label; None when the dataset has none.

    Args:
        folder: the dataset.
        type: project type's name.
        stem: name of the image.

    Raises:
        UserError: the dataset is not imported, or the annotation has become unreadable.
    """
    statistics = store.load_statistics(folder)
    name = next((image for image in statistics.file_info if PurePosixPath(image).stem == stem), None)
    return None if name is None else read_sample(folder, type, name)


def read_sample(folder: Path, type: str, image: str) -> Sample:
    """One image of a dataset with its label.

    Args:
        folder: the dataset.
        type: project type's name.
        image: path of the image, relative to the dataset.

    Raises:
        UserError: it is not an image of the dataset, or the annotation has become unreadable.
    """
    statistics = store.load_statistics(folder)
    if image not in statistics.file_info:
        raise UserError(messages.UNKNOWN_IMAGE, image=image)
    try:
        (sample,) = format_of(type).samples(folder, statistics, [image])
    except BadFile as error:
        raise UserError(messages.UNDRAWABLE, image=image, reason=error) from None
    return sample


def draw(folder: Path, type: str, image: str) -> bytes:
    """An image of a dataset with its labels, as PNG.

    Args:
        folder: the dataset.
        type: project type's name.
        image: path of the image, relative to the dataset or absolute.

    Raises:
        UserError: it is not an image of the dataset, or image or annotation have become unreadable.
    """
    statistics = store.load_statistics(folder)
    name = image.removeprefix(f"{folder}/")
    if name not in statistics.file_info:
        raise UserError(messages.UNKNOWN_IMAGE, image=image)
    try:
        measure(str(folder / name))
        with Image.open(folder / name) as opened:
            picture = to_rgb(opened)
        drawn = format_of(type).draw(folder, statistics, name, picture)
    except BadFile as error:
        raise UserError(messages.UNDRAWABLE, image=image, reason=error) from None
    except (OSError, SyntaxError, ValueError):  # Pillow tells damaged bytes by any of them
        raise UserError(messages.UNDRAWABLE, image=image, reason=messages.UNREADABLE_IMAGE) from None
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def to_rgb(image: Image.Image) -> Image.Image:
    """An image of any mode as 8-bit RGB; 16-bit greys are scaled down, not cut off."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    return image.convert("RGB")
