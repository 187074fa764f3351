"""What the heads of the RCNN family learn of an image: which anchors, which proposals, which outlines.

Ren et al., "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks", 2015, section 3.1.2; He et
al., "Mask R-CNN", 2017, section 3. The interfaces are those of ppdet's ``RPNHead``, ``BBoxHead`` and ``MaskHead``.
Unlike ppdet's, these take images without objects, and leave out what lies in a crowd.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from paddlex_restful.training.detection.nets.base import Tensors
from paddlex_restful.training.suites import ppdet_modeling

ANCHORS = 256
"""So many are sampled of an image."""

_LEFT_OUT = -1
_IN_CROWD = 0.5
"""A box of which so much lies in a crowd is left out."""

_LEAST_SIDE = 0.1
_LEAST_AREA = 1e-6
_MOST_SEED = 2**31 - 1


class AnchorTargets:
    """Samples anchors of an image: half of them on objects, if there are so many.

    Args:
        number: of anchors an image.
    """

    def __init__(self, number: int = ANCHORS) -> None:
        self._number = number

    def __call__(
        self, inputs: Tensors, anchors: paddle.Tensor
    ) -> tuple[list[paddle.Tensor], None, list[paddle.Tensor], int]:
        """As ppdet's ``RPNTargetAssign``.

        Args:
            inputs: the batch.
            anchors: [A, 4].

        Returns:
            Of each image [A] 1 on an object, 0 on none, -1 left out; None; [A, 4] the way to the object; what to divide
            the loss by.
        """
        labels, deltas = [], []
        for boxes, crowds in zip(inputs["gt_bbox"], inputs["crowd_bbox"], strict=True):
            nearest, hits = _matched(anchors, boxes, crowds, 0.7, 0.3, best_of_each=True)
            on, off = _sampled(hits, self._number, 0.5)
            label = np.full(len(anchors), _LEFT_OUT, np.int32)
            label[on], label[off] = 1, 0
            goals = paddle.to_tensor(boxes[nearest]) if len(boxes) else anchors
            labels.append(paddle.to_tensor(label))
            deltas.append(ppdet_modeling("bbox_utils").bbox2delta(anchors, goals))
        return labels, None, deltas, self._number * len(labels)


class RoiTargets:
    """Samples proposals of an image, with its objects among them: a quarter on objects, if there are so many.

    Args:
        classes: number of classes; that number stands for the background.
        number: of proposals an image.
    """

    def __init__(self, classes: int, number: int) -> None:
        self._classes = classes
        self._number = number

    def __call__(
        self, rois: list[paddle.Tensor], _counts: paddle.Tensor, inputs: Tensors
    ) -> tuple[list[paddle.Tensor], paddle.Tensor, tuple[list[paddle.Tensor], ...]]:
        """As ppdet's ``BBoxAssigner``.

        Args:
            rois: of each image its proposals, [k, 4].
            inputs: the batch.

        Returns:
            Of each image the chosen proposals; how many; and of each image their classes, boxes of their objects and
            indices of these.
        """
        chosen, classes, goals, indices = [], [], [], []
        images = zip(rois, inputs["gt_bbox"], inputs["gt_class"], inputs["crowd_bbox"], strict=True)
        for proposals, boxes, box_classes, crowds in images:
            everything = np.concatenate([proposals.numpy(), boxes])
            nearest, hits = _matched(paddle.to_tensor(everything), boxes, crowds, 0.5, 0.5, best_of_each=False)
            on, off = _sampled(hits, self._number, 0.25)
            if not len(on) + len(off):
                # All lies in crowds; the heads want one proposal at least.
                off = np.zeros(1, np.int64)
            taken = np.concatenate([on, off])
            of_class = np.full(len(taken), self._classes, np.int64)
            of_class[: len(on)] = box_classes[nearest[on]]
            index = nearest[taken]
            chosen.append(paddle.to_tensor(everything[taken]))
            classes.append(paddle.to_tensor(of_class))
            goals.append(paddle.to_tensor(boxes[index] if len(boxes) else everything[taken]))
            indices.append(paddle.to_tensor(index))
        counts = paddle.to_tensor([len(each) for each in chosen], "int32")
        return chosen, counts, (classes, goals, indices)


class MaskTargets:
    """Outlines of the objects that proposals lie on.

    Args:
        classes: number of classes; that number stands for the background.
        side: of a mask, in pixels.
    """

    def __init__(self, classes: int, side: int) -> None:
        self._classes = classes
        self._side = side

    def __call__(
        self,
        rois: list[paddle.Tensor],
        classes: list[paddle.Tensor],
        indices: list[paddle.Tensor],
        inputs: Tensors,
    ) -> tuple[Any, ...]:
        """As ppdet's ``MaskAssigner``.

        Args:
            rois: of each image its chosen proposals, [k, 4].
            classes: of each image, [k].
            indices: of each image which object each lies on, [k].
            inputs: the batch.

        Returns:
            The proposals of all images on objects with an outline, in a list; how many each image has; their classes,
            their masks [n, side, side], their places among all proposals, their weights. Where there is none, one of
            weight 0.
        """
        kept, masks, places, first = [], [], [], 0
        for proposals, of_class, index, polygons in zip(rois, classes, indices, inputs["gt_poly"], strict=True):
            boxes, objects = proposals.numpy(), index.numpy()
            on = np.flatnonzero(of_class.numpy() < self._classes)
            on = np.array([place for place in on if polygons[objects[place]]], np.int64)
            masks += [_outline(polygons[objects[place]], boxes[place], self._side) for place in on]
            kept.append(on)
            places.append(on + first)
            first += len(boxes)
        weights = np.ones(len(masks), np.float32)
        if not masks:
            kept[0], places[0] = np.zeros(1, np.int64), np.zeros(1, np.int64)
            masks, weights = [np.zeros((self._side, self._side), np.int32)], np.zeros(1, np.float32)
        place = paddle.to_tensor(np.concatenate(places))
        # A background proposal stands in where there is no object; its weight is 0.
        labels = paddle.concat(classes)[place].clip(max=self._classes - 1)
        taken = [proposals.numpy()[on] for proposals, on in zip(rois, kept, strict=True)]
        return (
            [paddle.to_tensor(np.concatenate(taken))],
            paddle.to_tensor([len(on) for on in kept], "int32"),
            labels,
            paddle.to_tensor(np.stack(masks)),
            place,
            paddle.to_tensor(weights),
        )


def _matched(
    boxes: paddle.Tensor,
    objects: NDArray[np.float32],
    crowds: NDArray[np.float32],
    on: float,
    off: float,
    *,
    best_of_each: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Which object each box overlaps most with, [k], and whether it lies on it: 1, 0 or -1 for left out, [k].

    Args:
        boxes: [k, 4].
        objects: [n, 4].
        crowds: [c, 4].
        on: overlap (intersection over union) from which a box lies on an object.
        off: overlap below which it lies on none.
        best_of_each: whether the boxes that overlap most with an object lie on it however little that is.
    """
    hits = np.zeros(len(boxes), np.int32)
    nearest = np.zeros(len(boxes), np.int64)
    if len(objects):
        overlaps = _overlaps(paddle.to_tensor(objects), boxes)
        nearest = overlaps.argmax(axis=0).numpy()
        most = overlaps.max(axis=0).numpy()
        hits[most >= off] = _LEFT_OUT
        hits[most >= on] = 1
        if best_of_each:
            best = (overlaps == overlaps.max(axis=1, keepdim=True)) & (overlaps > 0)
            hits[best.any(axis=0).numpy()] = 1
    if len(crowds):
        inside = _shared(paddle.to_tensor(crowds), boxes).max(axis=0) > _IN_CROWD * _areas(boxes)
        hits[inside.numpy() & (hits == 0)] = _LEFT_OUT
    return nearest, hits


def _overlaps(some: paddle.Tensor, others: paddle.Tensor) -> paddle.Tensor:
    """Intersections over unions, [some, others]."""
    shared = _shared(some, others)
    return shared / (_areas(some).unsqueeze(1) + _areas(others) - shared).clip(min=_LEAST_AREA)


def _areas(boxes: paddle.Tensor) -> paddle.Tensor:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _shared(some: paddle.Tensor, others: paddle.Tensor) -> paddle.Tensor:
    """Areas of the intersections, [some, others]."""
    start = paddle.maximum(some[:, :2].unsqueeze(1), others[:, :2])
    end = paddle.minimum(some[:, 2:].unsqueeze(1), others[:, 2:])
    return (end - start).clip(min=0.0).prod(axis=2)


def _sampled(hits: NDArray[np.int32], number: int, share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of boxes on objects and of others, at most ``number`` together and ``share`` of it on objects."""
    # From paddle's own seed, as all chance in nets.
    random = np.random.default_rng(int(paddle.randint(0, _MOST_SEED, [1])))
    on = _some(np.flatnonzero(hits == 1), int(number * share), random)
    return on, _some(np.flatnonzero(hits == 0), number - len(on), random)


def _some(indices: NDArray[np.int64], number: int, random: np.random.Generator) -> NDArray[np.int64]:
    return random.choice(indices, number, replace=False) if len(indices) > number else indices


def _outline(polygons: Sequence[NDArray[np.float32]], box: NDArray[np.float32], side: int) -> NDArray[np.int32]:
    """Where in a box an object is: [side, side], 1 or 0."""
    start = box[:2].astype(np.float64)
    scale = side / np.maximum(box[2:] - box[:2], _LEAST_SIDE)
    flat = [((part - start) * scale).ravel().tolist() for part in polygons]
    whole: NDArray[np.int32] = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(flat, side, side)))
    return whole.astype(np.int32)
