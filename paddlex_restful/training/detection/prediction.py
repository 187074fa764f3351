"""The prediction job of nets that find objects: what was found in each image, and pictures of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from pycocotools import mask as mask_utils

from paddlex_restful.datasets import drawing
from paddlex_restful.imaging import recipes
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.metrics import detection as metrics
from paddlex_restful.metrics.detection import Detections
from paddlex_restful.training.detection.detector import Detector, Size
from paddlex_restful.training.predict import Told


@dataclass(frozen=True)
class Found:
    """What was found in one image.

    Attributes:
        size: height and width of the image in pixels.
        detections: the objects, those with the highest score first.
    """

    size: Size
    detections: Detections


class ObjectPredictor:
    """See ``predict.Predictor``.

    Args:
        folder: the checkpoint.

    Raises:
        JobFailed: there is no checkpoint or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._detector, info = Detector.load(folder)
        self._labels: list[str] = info["labels"]
        self.batch_size = self._detector.batch_size
        self.trace = self._detector.trace if self._detector.traceable else None
        # Images are resized in threads of our own; OpenCV's would only wait for one another.
        cv2.setNumThreads(1)

    def prepare(self, image: Pixels) -> tuple[Pixels, Size]:
        """The image in the net's input size, and its own size."""
        prepared = recipes.prepare(image, self._detector.project_type, self._detector.params)
        return prepared, (image.shape[0], image.shape[1])

    def predict(self, prepared: Sequence[tuple[Pixels, Size]]) -> list[Found]:
        """What is found in each image."""
        images, sizes = [image for image, _ in prepared], [size for _, size in prepared]
        detections = self._detector.detect(images, sizes)
        return [Found(size, each) for size, each in zip(sizes, detections, strict=True)]

    def tell(self, answer: Found, score_thresh: float) -> Told:
        """The objects; the picture has masks, boxes, names and scores.

        What is told has ``size`` (width and height of the image in pixels) and ``predictions``, see
        ``metrics.detection.entries``.
        """
        height, width = answer.size
        sure = Found(answer.size, answer.detections.at_least(score_thresh))
        told = {"size": [width, height], "predictions": metrics.entries(sure.detections, self._labels)}
        return Told(told, lambda picture: self._drawn(sure, picture))

    def _drawn(self, answer: Found, picture: Image.Image) -> Image.Image:
        found = answer.detections
        # The surest is drawn last, above the others.
        order = range(len(found.scores))[::-1]
        if found.masks is not None:
            regions = [(_shown(mask_utils.decode(found.masks[i]), picture.size), int(found.classes[i])) for i in order]
            picture = drawing.masks(picture, regions)
        height, width = answer.size
        boxes = found.boxes * np.array([picture.width / width, picture.height / height] * 2)
        objects = [(boxes[i].tolist(), self._labels[found.classes[i]], int(found.classes[i])) for i in order]
        return drawing.boxes(picture, objects, [float(found.scores[i]) for i in order])


def _shown(mask: Any, size: tuple[int, int]) -> Any:
    return cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST).astype(bool)
