"""Masks of boxes as masks of the image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_SURE = 0.5


def paste(masks: NDArray[np.float32], boxes: NDArray[np.float32], size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """Lay the mask of each box where the box is.

    Args:
        masks: [m, s, s] of each box, spread over it, how sure each part is to be the object's.
        boxes: [m, 4] x0, y0, x1, y1 in pixels of the image.
        size: height and width of the image.

    Yields:
        Of each box [height, width] 1 where the object is, 0 elsewhere.
    """
    height, width = size
    for mask, (left, top, right, bottom) in zip(masks, boxes, strict=True):
        whole = np.zeros((height, width), np.uint8)
        rows, down = _spread(top, bottom, height, len(mask))
        columns, across = _spread(left, right, width, len(mask))
        whole[rows, columns] = down @ mask @ across.T >= _SURE
        yield whole


def _spread(start: float, end: float, length: int, cells: int) -> tuple[slice, NDArray[np.float32]]:
    """Bilinear interpolation along an axis.

    Args:
        start: of the box.
        end: of the box.
        length: of the image.
        cells: of the mask.

    Returns:
        Which pixels have their centres in the box; how much of each cell each of them has, [pixels, cells].
    """
    first, last = max(0, int(np.ceil(start - 0.5))), min(length, int(np.floor(end - 0.5)) + 1)
    last = max(first, last)
    centres = (np.arange(first, last, dtype=np.float32) + np.float32(0.5) - start) / max(end - start, 1e-6)
    distances = np.abs(centres[:, None] * cells - np.float32(0.5) - np.arange(cells, dtype=np.float32))
    return slice(first, last), np.maximum(1 - distances, 0).astype(np.float32)
