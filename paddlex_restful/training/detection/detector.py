"""A net that finds objects, in use: arrays in, objects out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as mask_utils

from paddlex_restful.imaging.image import Pixels
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import prediction as messages
from paddlex_restful.metrics.detection import Detections
from paddlex_restful.training import checkpoint
from paddlex_restful.training.detection import nets
from paddlex_restful.training.detection.nets import batch as batches
from paddlex_restful.training.detection.nets import masks
from paddlex_restful.training.detection.nets.base import DetectionNet

_BATCH_PIXELS = 8 * 416 * 416
"""Pixels of a batch: enough to keep the cores busy, few enough that a stop is followed within seconds."""

_LARGEST_BATCH = 32

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
        height, width = params["image_shape"]
        self.batch_size = min(_LARGEST_BATCH, max(1, _BATCH_PIXELS // (int(height) * int(width))))

    @classmethod
    def load(cls, folder: Path) -> tuple[Detector, dict[str, Any]]:
        """The net of a checkpoint, and its ``model.yml``.

        Raises:
            JobFailed: there is no checkpoint or it is damaged.
        """
        info = checkpoint.read_info(folder)
        net = net_of(info)
        checkpoint.load_net(folder, net)
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
        self.net.eval()
        found = self.net.detect(batches.tensors(batches.collate_images(images, sizes, self.net.meta)))
        return [_detections(each, size) for each, size in zip(found, sizes, strict=True)]


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
