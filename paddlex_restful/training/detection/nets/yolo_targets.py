"""What the heads of the YOLO family are to say of an image.

Redmon and Farhadi, "YOLOv3: An Incremental Improvement", 2018; the layout is that of ppdet's ``YOLOv3Loss``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.imaging.example import Example
from paddlex_restful.training.detection.nets.base import Anchors, NetMeta

_BEFORE_CLASSES = 6


def labels(examples: Sequence[Example], meta: NetMeta) -> dict[str, Any]:
    """``gt_bbox`` and ``target0`` … of a batch.

    Args:
        examples: all of one size, whose sides are multiples of the coarsest stride.
        meta: of the net.
    """
    assert meta.anchors is not None
    most = max(1, *(len(example.boxes) for example in examples))
    boxes = np.zeros((len(examples), most, 4), np.float32)
    targets = []
    for index, example in enumerate(examples):
        centred = _centred(example)
        boxes[index, : len(centred)] = centred
        targets.append(_targets(example.only(~example.crowd), meta.anchors, meta.classes))
    stacked = {f"target{level}": np.stack(each) for level, each in enumerate(zip(*targets, strict=True))}
    return {"gt_bbox": boxes} | stacked


def _centred(example: Example) -> NDArray[np.float32]:
    """Boxes as centres and sides, as shares of the image."""
    size = np.array([example.width, example.height] * 2, np.float32)
    start, end = np.split(example.boxes / size, 2, axis=1)
    return np.concatenate([(start + end) / 2, end - start], axis=1)


def _targets(example: Example, anchors: Anchors, classes: int) -> list[NDArray[np.float32]]:
    """Of each output what it should say, [anchors, 6 + classes, rows, columns].

    An object belongs to the anchor whose width and height overlap most with its own, and to the cell of its centre. The
    first six are the centre in the cell, the logarithms of the sides relative to the anchor's, a weight that is larger
    for small objects, and the weight of the object, 0 where there is none.
    """
    boxes = _centred(example)
    sides = boxes[:, 2:] * np.array([example.width, example.height], np.float32)
    sizes = np.array(anchors.sizes, np.float32)
    best = _overlaps(sides, sizes).argmax(1)
    of_levels = []
    for level, stride in zip(anchors.levels, anchors.strides, strict=True):
        rows, columns = example.height // stride, example.width // stride
        target = np.zeros((len(level), _BEFORE_CLASSES + classes, rows, columns), np.float32)
        mine = np.isin(best, level)
        at = boxes[mine, :2] * np.array([columns, rows], np.float32)
        cell = np.minimum(at.astype(np.int64), [columns - 1, rows - 1])
        anchor = np.searchsorted(level, best[mine])
        values = np.concatenate(
            [
                at - cell,
                np.log(sides[mine] / sizes[best[mine]]),
                2 - boxes[mine, 2:3] * boxes[mine, 3:4],
                example.weights[mine, None],
            ],
            axis=1,
        )
        target[anchor, :_BEFORE_CLASSES, cell[:, 1], cell[:, 0]] = values
        target[anchor, _BEFORE_CLASSES + example.classes[mine], cell[:, 1], cell[:, 0]] = 1
        of_levels.append(target)
    return of_levels


def _overlaps(sides: NDArray[np.float32], sizes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of boxes with one centre, [boxes, anchors]."""
    shared = np.minimum(sides[:, None], sizes).prod(2)
    overlaps: NDArray[np.float32] = shared / (sides.prod(1)[:, None] + sizes.prod(1) - shared)
    return overlaps
