"""What the images and labels of a dataset are like, in figures, and what of it a training would suffer from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from paddlex_restful.datasets import store
from paddlex_restful.datasets.formats import format_of
from paddlex_restful.datasets.reading import BadFile
from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEW = 20
"""Images of a class, below which it is hardly learnt."""

UNEVEN = 10
"""How many times as many images as another class has are too many."""

TINY = 0.02
"""Share of the longer side of an image below which the longer side of a box is hardly seen by a detector."""

_TINY_SHARE = 0.05
_EMPTY_SHARE = 0.5
"""Shares of all boxes and of all images from which they are told."""


@dataclass(frozen=True)
class Figures:
    """What a dataset is like.

    Attributes:
        sizes: how many images there are of each width and height in pixels.
        boxes: width and height of each box in pixels, [N, 2]; none where the labels are no boxes.
        classes: index of the class of each box, [N].
        tiny: how many boxes are tiny, see ``TINY``.
        objects: boxes by class.
        images: images by class.
        parts: class → part that has images → how many are of the class; empty before the split.
        empty: images without objects.
    """

    sizes: dict[tuple[int, int], int]
    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]
    tiny: int
    objects: dict[str, int]
    images: dict[str, int]
    parts: dict[str, dict[str, int]]
    empty: int


def figures(folder: Path, type: str) -> Figures:
    """The figures of an imported dataset, from memory while it is unchanged. Do not change the result.

    Args:
        folder: the dataset.
        type: project type's name.

    Raises:
        UserError: an image or annotation has become unreadable.
    """
    return _figures(str(folder), type, store.version(folder))


@lru_cache(maxsize=8)
def _figures(name: str, type: str, version: str) -> Figures:
    import numpy as np

    folder = Path(name)
    statistics = store.load_statistics(folder)
    split = store.load_split(folder) or {}
    members = {part: set(images) for part, images in split.items() if images}
    labels = store.object_labels(statistics, type)
    labelled = {image for label in labels for image in statistics.label_info[label]}
    sizes = {image: _size(folder, image) for image in statistics.file_info}
    boxes, classes = _boxes(folder, type, statistics)
    sides = np.array([max(sizes[image]) for image, found in boxes for _ in found], dtype=float)
    corners = np.array([box for _, found in boxes for box in found], dtype=float).reshape(-1, 2)
    counted = Counter(classes)
    return Figures(
        sizes=dict(Counter(sizes.values()).most_common()),
        boxes=corners,
        classes=np.array(classes, dtype=np.int64),
        tiny=int((corners.max(axis=1, initial=0) < TINY * sides).sum()),
        objects={label: counted[index] for index, label in enumerate(statistics.labels)} if boxes else {},
        images={label: len(statistics.label_info[label]) for label in labels},
        parts={
            label: {part: len(images & set(statistics.label_info[label])) for part, images in members.items()}
            for label in labels
            if members
        },
        empty=len(statistics.file_info) - len(labelled),
    )


def concerns(found: Figures) -> list[str]:
    """What is worth a warning, a sentence of ``messages.dataset`` each.

    Args:
        found: the figures of a dataset.
    """
    told = []
    few = {label: count for label, count in found.images.items() if count < FEW}
    for label, count in sorted(few.items(), key=lambda pair: pair[1])[:3]:
        told.append(messages.FEW_IMAGES.format(label=label, images=count, least=FEW))
    if len(few) > 3:
        told.append(messages.FEW_IMAGES_MORE.format(more=len(few) - 3, least=FEW))
    counts = {label: count for label, count in found.images.items() if count}
    if counts:
        most, least = max(counts, key=lambda label: counts[label]), min(counts, key=lambda label: counts[label])
        if counts[most] > UNEVEN * counts[least]:
            times = round(counts[most] / counts[least])
            told.append(messages.UNEVEN_CLASSES.format(most=most, least=least, times=times))
    missing = [(label, part) for part in ("train", "val") for label, of in found.parts.items() if not of.get(part, 1)]
    for label, part in missing[:3]:
        told.append(messages.LACKING[part].format(label=label))
    if len(found.boxes) and found.tiny > _TINY_SHARE * len(found.boxes):
        told.append(messages.TINY_BOXES.format(tiny=found.tiny, boxes=len(found.boxes)))
    images = sum(found.sizes.values())
    if found.empty > _EMPTY_SHARE * images:
        told.append(messages.MANY_EMPTY.format(empty=found.empty, images=images))
    return told


def _size(folder: Path, image: str) -> tuple[int, int]:
    # The import has looked at the whole file; the header tells its size.
    try:
        with Image.open(folder / image, formats=("PNG", "JPEG", "BMP")) as opened:
            width, height = opened.size
            return width, height
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UserError(messages.UNDRAWABLE, image=image, reason=messages.UNREADABLE_IMAGE) from None


def _boxes(
    folder: Path, type: str, statistics: store.Statistics
) -> tuple[list[tuple[str, list[tuple[float, float]]]], list[int]]:
    """Of each image with objects the widths and heights of its boxes, and the classes of all of them."""
    if type not in (ProjectType.DETECTION, ProjectType.INSTANCE_SEGMENTATION):
        return [], []
    boxes: list[tuple[str, list[tuple[float, float]]]] = []
    classes: list[int] = []
    for image in statistics.file_info:
        try:
            (sample,) = format_of(type).samples(folder, statistics, [image])
        except BadFile as error:
            raise UserError(messages.UNDRAWABLE, image=image, reason=error) from None
        assert isinstance(sample.label, list)
        found = []
        for one in sample.label:
            x0, y0, x1, y1 = one["bbox"]
            found.append((x1 - x0, y1 - y0))
            classes.append(one["category"])
        boxes.append((image, found))
    return boxes, classes
