"""A trained segmentation net in use: the class of each pixel of an image, and pictures of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray
from PIL import Image

from paddlex_restful.datasets import drawing
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.metrics.segmentation import classes_of
from paddlex_restful.training.loaded import LoadedNet
from paddlex_restful.training.predict import Told, readable
from paddlex_restful.training.segmentation import nets

ClassMap = NDArray[np.uint8]
"""Class ids, [H, W]."""

_BATCH_PIXELS = 4 * 512 * 512
"""Pixels of a batch: enough to keep the cores busy, few enough that a stop is followed within seconds."""

_LARGEST_BATCH = 16
_BACKGROUND = 0


@dataclass(frozen=True)
class Prepared:
    """An image as the net is to see it.

    Attributes:
        image: of the size of the net's input.
        width: of the image as it was, in pixels.
        height: of the image as it was.
    """

    image: Pixels
    width: int
    height: int


class Segmenter(LoadedNet):
    """A trained segmentation net and what it needs to answer for images.

    Args:
        folder: the checkpoint.

    Raises:
        JobFailed: there is no checkpoint or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, net_of, _BATCH_PIXELS, _LARGEST_BATCH)

    def logits(self, images: Sequence[Pixels]) -> NDArray[np.float32]:
        """What the net answers.

        Args:
            images: RGB, of the net's input size.

        Returns:
            Array of shape [images, classes, H, W], of the net's input size.

        Raises:
            JobFailed: the net answers with figures that are not finite.
        """
        return self.answer(self.preprocess.normalise(np.stack(images)))

    def prepare(self, image: Pixels) -> Prepared:
        """The image in the net's input size, and how large it was."""
        height, width = image.shape[:2]
        return Prepared(self.preprocess.resize(image), width, height)

    def predict(self, prepared: Sequence[Prepared]) -> list[tuple[NDArray[np.float32], Prepared]]:
        """The logits of each image, with what was prepared of it."""
        return list(zip(self.logits([one.image for one in prepared]), prepared, strict=True))

    def tell(self, answer: tuple[NDArray[np.float32], Prepared], score_thresh: float) -> Told:
        """The class of each pixel, whatever its score; the picture has them in colour, and their names below.

        What is told has ``size``, width and height of the image, and ``classes``, see
        ``metrics.segmentation.classes_of``.
        """
        logits, prepared = answer
        found = class_map(logits, prepared.width, prepared.height)
        told = {"size": [prepared.width, prepared.height], "classes": classes_of(found, self.labels)}
        return Told(told, lambda picture: self._draw(readable(picture), found), class_image(found))

    def _draw(self, picture: Image.Image, found: ClassMap) -> Image.Image:
        shown = cv2.resize(found, picture.size, interpolation=cv2.INTER_NEAREST_EXACT)
        present = [int(index) for index in np.unique(shown) if index != _BACKGROUND]
        drawn = drawing.masks(picture, [(shown == index, index) for index in present])
        return drawing.legend(drawn, [(self.labels[index], index) for index in present])


def net_of(info: Mapping[str, Any]) -> paddle.nn.Layer:
    """The net that a checkpoint's ``model.yml`` describes, with fresh weights."""
    return nets.build_net(info["model"], info.get("backbone"), len(info["labels"]))


def class_map(logits: NDArray[np.float32], width: int, height: int) -> ClassMap:
    """The likeliest class of each pixel of an image: the logits are resized bilinearly, then compared.

    They are resized class by class, so that a large image with many classes does not need the memory for all of them.
    Of equal ones the lowest class id wins.

    Args:
        logits: [classes, h, w].
        width: of the image, in pixels.
        height: of the image.
    """
    best = cv2.resize(logits[0], (width, height), interpolation=cv2.INTER_LINEAR)
    found = np.zeros((height, width), np.uint8)
    for index, of_class in enumerate(logits[1:], 1):
        resized = cv2.resize(of_class, (width, height), interpolation=cv2.INTER_LINEAR)
        higher = resized > best
        found[higher] = index
        np.maximum(best, resized, out=best)
    return found


def class_image(found: ClassMap) -> Image.Image:
    """Class ids as an image whose palette has the colours of the result pictures; the background is black."""
    image = Image.fromarray(found)
    colours = [(0, 0, 0), *(drawing.colour(index) for index in range(1, 256))]
    image.putpalette([part for colour in colours for part in colour])
    return image
