"""An image together with its labels, so that what happens to the one happens to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample
from paddlex_restful.datasets.reading import BadFile
from paddlex_restful.datasets.rle import rle_mask
from paddlex_restful.enums import ProjectType
from paddlex_restful.imaging import polygons as shapes
from paddlex_restful.imaging.image import Matrix, Pixels, read_stored, short_name, upright, upright_matrix
from paddlex_restful.imaging.polygons import Polygon
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import imaging as messages

_LEAST_SIDE = 1.0
"""Of an object that is cut by an edge of the image, at least so many pixels must remain in both directions."""

_CORNERS = [[0, 1], [2, 1], [2, 3], [0, 3]]


@dataclass
class Example:
    """One image with its labels.

    Attributes:
        image: [H, W, 3] RGB.
        boxes: [n, 4] x0, y0, x1, y1 in pixels, inside the image; n may be 0.
        classes: [n] indices of the classes.
        crowd: [n] regions that are not learnt from and count for nothing: COCO ``iscrowd``, Pascal VOC ``difficult``.
        polygons: instance segmentation: of each object its parts, none where its outline is not known; None otherwise.
        mask: segmentation: class ids [H, W], 255 where nothing is known; None otherwise.
        weights: [n] how much each object counts; 1 but for objects of mixed images.
    """

    image: Pixels
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    polygons: list[list[Polygon]] | None = None
    mask: NDArray[np.uint8] | None = None
    weights: NDArray[np.float32] = None  # type: ignore[assignment]  # ones, as many as there are boxes

    def __post_init__(self) -> None:
        if self.weights is None:
            self.weights = np.ones(len(self.boxes), np.float32)

    @classmethod
    def without_objects(cls, image: Pixels, mask: NDArray[np.uint8] | None = None) -> Example:
        """An image alone, or with a mask."""
        return cls(image, np.empty((0, 4), np.float32), np.empty(0, np.int64), np.empty(0, np.bool_), mask=mask)

    @property
    def width(self) -> int:
        """Of the image, in pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Of the image, in pixels."""
        return int(self.image.shape[0])

    def only(self, keep: NDArray[np.bool_]) -> Example:
        """The image with some of its objects.

        Args:
            keep: [n], which ones.
        """
        polygons = self.polygons
        if polygons is not None:
            polygons = [parts for parts, kept in zip(polygons, keep, strict=True) if kept]
        return Example(
            self.image,
            self.boxes[keep],
            self.classes[keep],
            self.crowd[keep],
            polygons,
            self.mask,
            self.weights[keep],
        )

    def moved(self, matrix: Matrix, image: Pixels, mask: NDArray[np.uint8] | None) -> Example:
        """The labels on an image that was made of this one by an affine map.

        Boxes stay upright: a turned one becomes the smallest that holds the turned outline, or its corners where no
        outline is known. Objects are cut at the edges of the image, and those of which less than a pixel is left in one
        direction are dropped.

        Args:
            matrix: where the points of this image go.
            image: the new image, [h, w, 3].
            mask: the new mask, [h, w], where there is one.
        """
        height, width = image.shape[:2]
        frame = np.array([width, height, width, height], np.float32)
        boxes = _around(_mapped(self.boxes[:, _CORNERS], matrix))
        left = boxes.clip(0, frame)
        polygons: list[list[Polygon]] = []
        turned = bool(matrix[0, 1] and matrix[0, 0])
        for index, parts in enumerate(self.polygons or []):
            parts = [_mapped(part, matrix) for part in parts]
            inside = [part for part in (shapes.clip(part, width, height) for part in parts) if len(part) >= 3]
            polygons.append(inside)
            if parts and (turned or (left[index] != boxes[index]).any()):
                boxes[index] = shapes.bounds(parts)
                left[index] = shapes.bounds(inside).clip(0, frame) if inside else 0
        kept = np.all(_sides(left) >= np.minimum(_LEAST_SIDE, _sides(boxes)), axis=1)
        outlines = None if self.polygons is None else polygons
        return Example(image, left, self.classes, self.crowd, outlines, mask, self.weights).only(kept)


def _mapped(points: NDArray[np.float32], matrix: Matrix) -> NDArray[np.float32]:
    """Points [..., 2] under an affine map."""
    mapped: NDArray[np.float64] = points.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return mapped.astype(np.float32)


def _around(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes [n, 4] around n groups of points, [n, k, 2]."""
    return np.concatenate([points.min(1), points.max(1)], 1)


def _sides(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return boxes[:, 2:] - boxes[:, :2]


def load_example(sample: Sample, project_type: str) -> Example:
    """Read an image with its labels, both as people see them.

    Annotations belong to the pixels as they lie in the file: the import compares their sizes without regard to the EXIF
    orientation. So boxes, outlines and masks are turned together with their image. A mask whose size fits the turned
    image alone is taken as it is.

    An object that COCO describes by its pixels (RLE) gets the outlines of these as polygons; a crowd gets none.

    Args:
        sample: of a dataset of this type.
        project_type: such as ``detection``; of ``classification`` the image alone is read.

    Raises:
        JobFailed: the image or its annotation cannot be read, or they do not fit each other.
    """
    return labelled(*read_stored(sample.image), sample, project_type)


def labelled(stored: Pixels, orientation: int, sample: Sample, project_type: str) -> Example:
    """An image that was read with its labels; see ``load_example``.

    Args:
        stored: as it lies in its file.
        orientation: in which it is to be seen.
        sample: of a dataset of this type.
        project_type: such as ``detection``.

    Raises:
        JobFailed: the annotation cannot be read, or does not fit the image.
    """
    image = upright(stored, orientation)
    kind = ProjectType(project_type)
    if kind is ProjectType.SEGMENTATION:
        assert isinstance(sample.label, Path)
        return Example.without_objects(image, _read_mask(sample.label, stored, orientation))
    if kind is ProjectType.CLASSIFICATION:
        return Example.without_objects(image)
    assert isinstance(sample.label, list)
    height, width = stored.shape[:2]
    outlined = kind is ProjectType.INSTANCE_SEGMENTATION
    lying = _objects(stored, sample.label, outlined=outlined)
    return lying.moved(upright_matrix(orientation, width, height), image, None)


def _objects(image: Pixels, items: Sequence[dict[str, Any]], *, outlined: bool) -> Example:
    crowd = [bool(item["iscrowd"] or item["difficult"]) for item in items]
    return Example(
        image,
        np.array([item["bbox"] for item in items], np.float32).reshape(-1, 4),
        np.array([item["category"] for item in items], np.int64),
        np.array(crowd, np.bool_),
        [_parts(item) for item in items] if outlined else None,
    )


def _parts(item: dict[str, Any]) -> list[Polygon]:
    segmentation = item["segmentation"]
    if isinstance(segmentation, dict):
        return [] if item["iscrowd"] else shapes.trace(rle_mask(segmentation))
    return [np.array(flat, np.float32).reshape(-1, 2) for flat in segmentation]


def _read_mask(path: Path, stored: Pixels, orientation: int) -> NDArray[np.uint8]:
    try:
        mask = datasets.read_mask(path)
    except BadFile as error:
        raise JobFailed(
            "unreadable_annotation", messages.UNREADABLE_MASK, file=short_name(path), problem=error
        ) from error
    height, width = stored.shape[:2]
    if mask.shape == (height, width):
        return upright(mask, orientation)
    turned: NDArray[np.uint8] = mask
    if mask.shape != upright(stored, orientation).shape[:2]:
        raise JobFailed(
            "unreadable_annotation",
            messages.MASK_SIZE_DIFFERS,
            file=short_name(path),
            width=mask.shape[1],
            height=mask.shape[0],
            image_width=width,
            image_height=height,
        )
    return turned
