"""Random objects and what a detector of middling skill might make of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as mask_utils

from paddlex_restful.metrics.detection import Detections, Truth

WIDTH, HEIGHT = 120, 90


def scenes(seed: int, images: int, classes: int, *, crowds: bool = True) -> tuple[list[Truth], list[Detections]]:
    """Objects and detections, with boxes and with masks, of so many images; some are empty."""
    rng = np.random.default_rng(seed)
    pairs = [scene(rng, classes, crowds=crowds) for _ in range(images)]
    return [truth for truth, _ in pairs], [found for _, found in pairs]


def scene(rng: np.random.Generator, classes: int, *, crowds: bool) -> tuple[Truth, Detections]:
    """One image: detections are objects that were moved a little, of a wrong class at times, and pure inventions."""
    boxes = random_boxes(rng, int(rng.integers(0, 6)))
    kinds = rng.integers(0, classes, len(boxes))
    crowd = rng.random(len(boxes)) < (0.25 if crowds else 0)
    seen = np.repeat(np.arange(len(boxes)), rng.integers(0, 3, len(boxes)))
    moved = boxes[seen] + rng.normal(0, 1.5, (len(seen), 4))
    found = np.concatenate([np.sort(moved.reshape(-1, 2, 2), axis=1).reshape(-1, 4), random_boxes(rng, 2)])
    found_kinds = np.concatenate([kinds[seen], rng.integers(0, classes, 2)])
    wrong = rng.random(len(found)) < 0.2
    found_kinds[wrong] = rng.integers(0, classes, int(wrong.sum()))
    right = np.arange(len(found)) < len(seen)
    scores = (rng.permutation(1000)[: len(found)] + 400 * right) / 1400
    return truth(boxes, kinds, crowd), detections(found, found_kinds, scores)


def random_boxes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Boxes inside the image, at least 8 pixels wide and high."""
    corners = rng.uniform(0, (WIDTH - 45, HEIGHT - 45), (count, 2))
    return np.concatenate([corners, corners + rng.uniform(8, 45, (count, 2))], axis=1)


def truth(boxes: Any, classes: Sequence[int] | NDArray[Any], crowd: Any = None) -> Truth:
    """Objects of one image with elliptic masks; no crowd unless it is said."""
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    crowd = np.zeros(len(boxes), bool) if crowd is None else np.asarray(crowd, bool)
    return Truth(boxes, np.asarray(classes, np.int64), crowd, masks(boxes))


def detections(boxes: Any, classes: Sequence[int] | NDArray[Any], scores: Any) -> Detections:
    """Detections in one image with elliptic masks."""
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    return Detections(boxes, np.asarray(classes, np.int64), np.asarray(scores, np.float64), masks(boxes))


def masks(boxes: NDArray[np.float64]) -> list[dict[str, Any]]:
    """An ellipse in each box."""
    ys, xs = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    middles, radii = (boxes[:, :2] + boxes[:, 2:]) / 2, np.maximum(boxes[:, 2:] - boxes[:, :2], 1) / 2
    return [
        mask_utils.encode(np.asfortranarray(((xs - x) / across) ** 2 + ((ys - y) / down) ** 2 <= 1, np.uint8))
        for (x, y), (across, down) in zip(middles, radii, strict=True)
    ]
