"""What all detectors have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import paddle
from numpy.typing import NDArray

Tensors = Mapping[str, Any]
"""A batch of ``nets.batch``, its arrays as tensors."""


@dataclass(frozen=True)
class Anchors:
    """The anchor boxes of the YOLO family, which the head learns relative to.

    Attributes:
        sizes: width and height of each, in pixels of the net's input.
        levels: of each output of the head, the coarsest first, the indices of its anchors.
        strides: of each output, pixels of the input a cell.
    """

    sizes: tuple[tuple[int, int], ...]
    levels: tuple[tuple[int, ...], ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class NetMeta:
    """What making batches must know of a net; plain values, so that threads and processes can share it.

    Attributes:
        family: "yolo", "anchor_free" or "rcnn".
        classes: number of classes.
        mean: of the three channels, 0 to 1.
        std: of the three channels.
        anchors: of the YOLO family, None otherwise.
        masks: whether it also outlines the objects.
    """

    family: str
    classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    anchors: Anchors | None = None
    masks: bool = False

    @classmethod
    def of_params(
        cls,
        family: str,
        classes: int,
        params: Mapping[str, Any],
        *,
        anchors: Anchors | None = None,
        masks: bool = False,
    ) -> NetMeta:
        """The mean and deviation are those of the parameters."""
        mean, std = tuple(params["image_mean"]), tuple(params["image_std"])
        return cls(family, classes, mean, std, anchors, masks)


class Detections(NamedTuple):
    """What a net finds in one image, in no order.

    Attributes:
        boxes: [m, 4] x0, y0, x1, y1 in pixels of the original image.
        classes: [m] indices of the classes.
        scores: [m] 0 to 1.
        masks: [m, s, s] of each box, spread over it, how sure each part is to be the object's, 0 to 1; None for nets
            that do not outline. ``masks.paste`` makes them masks of the image.
    """

    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    scores: NDArray[np.float32]
    masks: NDArray[np.float32] | None = None

    @classmethod
    def of_rows(cls, rows: NDArray[np.float32], masks: NDArray[np.float32] | None = None) -> Detections:
        """From what ``forward`` gives for one image: [m, 6] class, score, box."""
        return cls(rows[:, 2:6], rows[:, 0].astype(np.int64), rows[:, 1], masks)


class DetectionNet(paddle.nn.Layer):  # type: ignore[misc]
    """A net that finds objects; its weights have the names that PaddleDetection gives them.

    ``forward(image, im_shape, scale_factor)`` is the net as it is used and exported: boxes of all images one after
    another, [k, 6] class, score, x0, y0, x1, y1 in pixels of the original image, and how many each image has, [N].
    Masks of the boxes come third where there are any.

    Attributes:
        meta: what making batches must know of the net.
        takes_im_shape: whether ``forward`` uses ``im_shape``; an export has no such input otherwise.
        sizes_vary: whether an export takes images of any size, one at a time, instead of any number of one size.
        weight_decay: L2, of the weights that have no decay of their own.
    """

    takes_im_shape = True
    sizes_vary = False
    weight_decay = 5e-4

    def __init__(self, meta: NetMeta) -> None:
        super().__init__()
        self.meta = meta

    @property
    def family(self) -> str:
        """Of the net: "yolo", "anchor_free" or "rcnn"."""
        return self.meta.family

    @abstractmethod
    def parts(self, batch: Tensors) -> dict[str, paddle.Tensor]:
        """The parts of the loss, and their sum as ``loss`` where it is not the plain one."""

    def loss(self, batch: Tensors) -> dict[str, paddle.Tensor]:
        """The loss of a batch in training mode.

        Args:
            batch: of ``batch.collate``, as tensors (``batch.tensors``).

        Returns:
            Tensors without axes: ``loss``, the total to be minimised, and its parts under ppdet's names.
        """
        parts = {name: value.reshape([]) for name, value in self.parts(batch).items()}
        if "loss" not in parts:
            parts["loss"] = paddle.add_n(list(parts.values()))
        return parts

    def outputs(self, image: paddle.Tensor) -> Any:
        """All that a one-stage net says of images [N, 3, H, W], before objects are chosen among it."""
        head = self.head if hasattr(self, "head") else self.yolo_head
        return head(self.neck(self.backbone({"image": image})))

    def detect(self, batch: Tensors) -> list[Detections]:
        """Find the objects of a batch in evaluation mode; no gradient is kept.

        Args:
            batch: of ``batch.collate_images``, as tensors.

        Returns:
            Of each image what was found, at most 100 objects (PP-YOLOE: 300), down to scores of about 0.01.
        """
        with paddle.no_grad():
            rows, counts = self(batch["image"], batch["im_shape"], batch["scale_factor"])
        return [Detections.of_rows(each) for each in split(rows.numpy(), counts.numpy())]

    def deployable(self) -> DetectionNet:
        """The net, or a faster one that answers the same and cannot learn."""
        return self


def split(rows: NDArray[Any], counts: Sequence[int]) -> list[NDArray[Any]]:
    """Cut what belongs to all images into what belongs to each."""
    return np.split(rows, np.cumsum(counts)[:-1])
