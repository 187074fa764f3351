"""Two examples in one."""

from __future__ import annotations

import cv2
import numpy as np

from paddlex_restful.imaging.example import Example
from paddlex_restful.imaging.geometry import pad

_BLACK = (0.0, 0.0, 0.0)


def mixup(one: Example, other: Example, share: float) -> Example:
    """A weighted mean of two images, with the objects of both.

    Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018; for detection as in Zhang et al., "Bag of Freebies
    for Training Object Detection Neural Networks", 2019: the images keep their sizes and their upper left corner, and
    each object weighs as much as its image.

    Args:
        one: an example without a mask.
        other: another.
        share: of the first, 0 to 1.
    """
    width, height = max(one.width, other.width), max(one.height, other.height)
    images = [pad(each, width, height, 0, 0, _BLACK).image for each in (one, other)]
    polygons = None
    if one.polygons is not None and other.polygons is not None:
        polygons = one.polygons + other.polygons
    return Example(
        cv2.addWeighted(images[0], share, images[1], 1 - share, 0),
        np.concatenate([one.boxes, other.boxes]),
        np.concatenate([one.classes, other.classes]),
        np.concatenate([one.crowd, other.crowd]),
        polygons,
        None,
        np.concatenate([one.weights * np.float32(share), other.weights * np.float32(1 - share)]),
    )
