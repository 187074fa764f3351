"""A net that finds objects, in use: arrays in, objects out."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as mask_utils

from paddlex_restful.imaging.image import Pixels
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import prediction as messages
from paddlex_restful.metrics.detection import Detections
from paddlex_restful.training import checkpoint, inference_model
from paddlex_restful.training.detection import nets
from paddlex_restful.training.detection.nets import batch as batches
from paddlex_restful.training.detection.nets import masks
from paddlex_restful.training.detection.nets.base import DetectionNet, split
from paddlex_restful.training.detection.nets.exported import Exported, specs

_BATCH_PIXELS = 8 * 416 * 416
"""Pixels of a batch: enough to keep the cores busy, few enough that a stop is followed within seconds."""

_LARGEST_BATCH = 32

_COMPARED = 10
_LEAST_SCORE = 0.05
_ALLOWED_DIFFERENCE = 1e-3
"""Of the scores of how many a traced net may differ, from which score on, and by how much: other kernels round
otherwise, and at the end of the list that decides which are told."""

_log = logging.getLogger(__name__)

Size = tuple[int, int]
"""Height and width in pixels."""


class Detector:
    """A net with what it needs to answer for images.

    Args:
        net: in any mode; it is brought into evaluation mode at each use.
        project_type: ``detection`` or ``instance_segmentation``.
        params: the parameters that it was trained with.

    Attributes:
        batch_size: how many images it takes at once.
    """

    def __init__(self, net: DetectionNet, project_type: str, params: Mapping[str, Any]) -> None:
        self.net = net
        self.project_type = project_type
        self.params = params
        self._traced: inference_model.Predictor | None = None
        height, width = params["image_shape"]
        self.batch_size = min(_LARGEST_BATCH, max(1, _BATCH_PIXELS // (int(height) * int(width))))

    @classmethod
    def load(cls, folder: Path) -> tuple[Detector, dict[str, Any]]:
        """The net of a checkpoint, and its ``model.yml``.

        Raises:
            JobFailed: there is no checkpoint or it is damaged.
        """
        net, info = checkpoint.load(folder, net_of)
        return cls(net, info["type"], info["params"]), info

    @property
    def outlines(self) -> bool:
        """Whether it also outlines what it finds."""
        return self.net.meta.masks

    def detect(self, images: Sequence[Pixels], sizes: Sequence[Size]) -> list[Detections]:
        """Find the objects of images.

        Args:
            images: RGB, of the net's input size.
            sizes: of the originals.

        Returns:
            Of each image what was found in it, in pixels of the original.

        Raises:
            JobFailed: the net answers with figures that are not finite.
        """
        batch = batches.collate_images(images, sizes, self.net.meta)
        found = self._computed(batch) if self._traced is None else _cut(self._traced(batch))
        return [_detections(each, size) for each, size in zip(found, sizes, strict=True)]

    def _computed(self, batch: batches.Batch) -> list[nets.Detections]:
        self.net.eval()
        return self.net.detect(batches.tensors(batch))

    @property
    def traceable(self) -> bool:
        """Whether the net can be traced for batches: its images are all of one size."""
        return not self.net.sizes_vary

    def trace(self) -> None:
        """From now on answer with the net as a program on the processor; see ``loaded.LoadedNet.trace``."""
        self.net.eval()
        height, width = (int(side) for side in self.params["image_shape"])
        noise = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
        batch = batches.collate_images(list(noise), [(height, width)] * 2, self.net.meta)
        expected = self._computed(batch)
        layer = Exported(self.net)
        layer.eval()
        program = inference_model.program(layer, specs(self.net, height, width))
        difference = max(map(_difference, _cut(program(batch)), expected))
        if difference <= _ALLOWED_DIFFERENCE:
            self._traced = program
        else:
            _log.warning("The net answers otherwise as a program, by %s: it is not used", difference)


def _cut(outputs: Sequence[NDArray[Any]]) -> list[nets.Detections]:
    """What an exported net answers, as ``DetectionNet.detect`` gives it."""
    rows, counts = outputs
    return [nets.Detections.of_rows(each) for each in split(rows, counts.tolist())]


def _difference(one: nets.Detections, other: nets.Detections) -> float:
    """By how much the scores of the surest differ; of boxes that are equally sure another may come first."""
    found = np.full((2, _COMPARED), _LEAST_SCORE)
    for row, each in zip(found, (one, other), strict=True):
        surest = np.sort(each.scores)[::-1][:_COMPARED]
        row[: len(surest)] = surest.clip(min=_LEAST_SCORE)
    return float(np.abs(found[0] - found[1]).max())


def net_of(info: Mapping[str, Any]) -> DetectionNet:
    """The net that a checkpoint's ``model.yml`` describes, with fresh weights."""
    params = info["params"]
    return nets.build(info["model"], params["backbone"], len(info["labels"]), params, project_type=info["type"])


def _detections(found: nets.Detections, size: Size) -> Detections:
    if not (np.isfinite(found.boxes).all() and np.isfinite(found.scores).all()):
        raise JobFailed("not_finite", messages.DETECTIONS_NOT_FINITE)
    height, width = size
    boxes = found.boxes.clip(0, np.array([width, height, width, height], np.float32))
    rles = None
    if found.masks is not None:
        rles = [mask_utils.encode(np.asfortranarray(mask)) for mask in masks.paste(found.masks, found.boxes, size)]
    inside = np.logical_and(boxes[:, 2] > boxes[:, 0], boxes[:, 3] > boxes[:, 1])
    return Detections(boxes, found.classes, found.scores, rles).only(inside)
