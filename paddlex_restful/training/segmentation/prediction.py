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
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.metrics.segmentation import classes_of
from paddlex_restful.training import predict
from paddlex_restful.training.loaded import LoadedNet
from paddlex_restful.training.segmentation import nets

ClassMap = NDArray[np.uint8]
"""Class ids, [H, W]."""

MASKS_FOLDER = "masks"

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
        with paddle.no_grad():
            heads = self.net(paddle.to_tensor(self.preprocess.normalise(np.stack(images))))
        return self.finite(heads[0].numpy())

    def prepare(self, image: Pixels) -> Prepared:
        """The image in the net's input size, and how large it was."""
        height, width = image.shape[:2]
        return Prepared(self.preprocess.resize(image), width, height)

    def predict(self, prepared: Sequence[Prepared]) -> list[tuple[NDArray[np.float32], Prepared]]:
        """The logits of each image, with what was prepared of it."""
        return list(zip(self.logits([one.image for one in prepared]), prepared, strict=True))

    def tell(
        self, answer: tuple[NDArray[np.float32], Prepared], picture: Image.Image, target: Path
    ) -> tuple[dict[str, Any], Image.Image]:
        """The answer, and the picture with its classes in colour and their names below.

        Writes the class ids as a PNG with a palette. The answer has ``size``, width and height of the image; ``mask``,
        the file with the class ids in the image's size, relative to the picture's folder; and ``classes``, see
        ``metrics.segmentation.classes_of``.
        """
        logits, prepared = answer
        found = class_map(logits, prepared.width, prepared.height)
        mask = target.parent / MASKS_FOLDER / target.name
        mask.parent.mkdir(exist_ok=True)
        save_class_map(found, mask)
        told = {
            "size": [prepared.width, prepared.height],
            "mask": f"{MASKS_FOLDER}/{mask.name}",
            "classes": classes_of(found, self.labels),
        }
        return told, self._draw(predict.readable(picture), found)

    def _draw(self, picture: Image.Image, found: ClassMap) -> Image.Image:
        shown = cv2.resize(found, picture.size, interpolation=cv2.INTER_NEAREST_EXACT)
        present = [int(index) for index in np.unique(shown) if index != _BACKGROUND]
        drawn = drawing.masks(picture, [(shown == index, index) for index in present])
        return drawing.legend(drawn, [(self.labels[index], index) for index in present])


def net_of(info: Mapping[str, Any]) -> paddle.nn.Layer:
    """The net that a checkpoint's ``model.yml`` describes, with fresh weights."""
    return nets.build_net(info["model"], info.get("backbone"), len(info["labels"]))


def run(context: JobContext) -> dict[str, Any]:
    """Predicts the class of each pixel of images; see ``predict.predict_images``."""
    return predict.predict_images(context, lambda: Segmenter(context.path(context.args["model"])))


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


def save_class_map(found: ClassMap, target: Path) -> None:
    """Write class ids as a PNG whose palette has the colours of the result pictures; the background is black."""
    image = Image.fromarray(found)
    colours = [(0, 0, 0), *(drawing.colour(index) for index in range(1, 256))]
    image.putpalette([part for colour in colours for part in colour])
    image.save(target, bits=8)
