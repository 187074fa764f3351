"""Batches, as arrays, from examples that have the net's input size already.

A batch of training holds for N examples

* ``image`` [N, 3, H, W] float32, normalised; ``im_shape`` [N, 2] height and width of what is image in it.
  Nets of the RCNN family take images of different sizes: right and below they are filled with zeros up to the size of
  the largest, in multiples of 32.
* YOLO family: ``gt_bbox`` [N, M, 4] centre x, centre y, width and height as shares of the image, filled with zeros up
  to the M of the example with the most; ``target0`` … of each output of the head (``yolo.targets``). Crowds are among
  ``gt_bbox`` and not in the targets: what is found there is neither learnt nor held against the net.
* anchor-free: ``gt_bbox`` [N, M, 4] corners in pixels of the input, ``gt_class`` [N, M, 1] int64, ``pad_gt_mask``
  [N, M, 1] float32: 1 for objects, 0 for what fills up; M is at least 1. Crowds are left out, as in ppdet; ``epoch``
  (an int from 1) chooses how objects are assigned.
* RCNN family: lists with one entry an example: ``gt_bbox`` [n, 4] corners in pixels of the input, ``gt_class`` [n]
  int64, ``crowd_bbox`` [c, 4], and for masks ``gt_poly``: of each object its parts, [k, 2]. Proposals that lie in
  crowds are left out of the loss.

n, c and all of a batch may be 0. Objects without an area are left out everywhere.

A batch of evaluation and use holds ``image``, ``im_shape`` and ``scale_factor`` [N, 2], height and width of the input
divided by the original's, so that boxes come back in pixels of the original.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddlex_restful.imaging.example import Example
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.training.detection.nets import yolo_targets
from paddlex_restful.training.detection.nets.base import NetMeta

STRIDE = 32
"""The sides of an input are multiples of this many pixels."""

_WHITE = np.float32(255)

Batch = dict[str, Any]


def collate(examples: Sequence[Example], meta: NetMeta, epoch: int = 1) -> Batch:
    """A batch of training, see above.

    Args:
        examples: of the net's input size; in the RCNN family of any sizes.
        meta: of the net.
        epoch: from 1.
    """
    images = [example.image for example in examples]
    batch: Batch = {"image": _images(images, meta), "im_shape": _sizes(images)}
    examples = [example.only(_has_area(example.boxes)) for example in examples]
    learnt = [example.only(~example.crowd) for example in examples]
    if meta.family == "yolo":
        batch |= yolo_targets.labels(examples, meta)
    elif meta.family == "anchor_free":
        batch |= _padded(learnt) | {"epoch": epoch}
    else:
        batch["gt_bbox"] = [example.boxes for example in learnt]
        batch["gt_class"] = [example.classes for example in learnt]
        batch["crowd_bbox"] = [example.boxes[example.crowd] for example in examples]
        if meta.masks:
            batch["gt_poly"] = [example.polygons for example in learnt]
    return batch


def collate_images(images: Sequence[Pixels], sizes: Sequence[tuple[int, int]], meta: NetMeta) -> Batch:
    """A batch of evaluation and use.

    Args:
        images: of the net's input size; in the RCNN family of any sizes.
        sizes: heights and widths of the originals.
        meta: of the net.
    """
    im_shape = _sizes(images)
    scale = im_shape / np.asarray(sizes, np.float32).reshape(-1, 2)
    return {"image": _images(images, meta), "im_shape": im_shape, "scale_factor": scale}


def tensors(batch: Mapping[str, Any]) -> dict[str, Any]:
    """The batch with tensors in the place of its arrays; lists and numbers stay as they are."""
    return {name: paddle.to_tensor(value) if isinstance(value, np.ndarray) else value for name, value in batch.items()}


def _images(images: Sequence[Pixels], meta: NetMeta) -> NDArray[np.float32]:
    step = STRIDE if meta.family == "rcnn" else 1
    height, width = (-(-max(image.shape[axis] for image in images) // step) * step for axis in (0, 1))
    mean, std = (np.array(each, np.float32) * _WHITE for each in (meta.mean, meta.std))
    filled = np.zeros((len(images), 3, height, width), np.float32)
    for index, image in enumerate(images):
        normalised = (image.astype(np.float32) - mean) / std
        filled[index, :, : image.shape[0], : image.shape[1]] = normalised.transpose(2, 0, 1)
    return filled


def _sizes(images: Sequence[Pixels]) -> NDArray[np.float32]:
    return np.array([image.shape[:2] for image in images], np.float32)


def _has_area(boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    larger: NDArray[np.bool_] = np.all(boxes[:, 2:] > boxes[:, :2], axis=1)
    return larger


def _padded(examples: Sequence[Example]) -> Batch:
    most = max(1, *(len(example.boxes) for example in examples))
    boxes = np.zeros((len(examples), most, 4), np.float32)
    classes = np.zeros((len(examples), most, 1), np.int64)
    is_object = np.zeros((len(examples), most, 1), np.float32)
    for index, example in enumerate(examples):
        number = len(example.boxes)
        boxes[index, :number] = example.boxes
        classes[index, :number, 0] = example.classes
        is_object[index, :number] = 1
    return {"gt_bbox": boxes, "gt_class": classes, "pad_gt_mask": is_object}
