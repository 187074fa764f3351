"""Polygons [k, 2] of x, y in pixels: moved, cut at the edges of an image, drawn and traced."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Polygon = NDArray[np.float32]
"""Corners, [k, 2]: x, y in pixels; the last is joined to the first."""


def clip(polygon: Polygon, width: int, height: int) -> Polygon:
    """The part of a polygon that lies in an image; [0, 2] where none does.

    Sutherland and Hodgman, "Reentrant Polygon Clipping", 1974: cut by one edge after the other. What leaves an image
    and comes back stays one polygon, joined along the edge, where the joint has no area. What only touches an edge
    from outside is not in the image.
    """
    whole = polygon
    for axis, limit, sign in ((0, 0, 1), (0, width, -1), (1, 0, 1), (1, height, -1)):
        depth = sign * (polygon[:, axis].astype(np.float64) - limit)
        if (depth >= 0).all():
            continue
        inside = depth > 0
        following = np.roll(polygon, -1, 0)
        crossing = inside != np.roll(inside, -1)
        span = np.where(crossing, depth - np.roll(depth, -1), 1.0)
        met = polygon + (depth / span)[:, None] * (following - polygon)
        met[:, axis] = limit
        # Each corner is followed by the place where its side meets the edge; those that are not needed fall out.
        both = np.stack([polygon, met], 1).reshape(-1, 2)
        polygon = both[np.stack([inside, crossing], 1).ravel()].astype(np.float32)
    return polygon if polygon is whole else _without_spikes(polygon, width, height)


def _without_spikes(polygon: Polygon, width: int, height: int) -> Polygon:
    """Without the corners between two others on the same edge: they add no area, but may lie beyond both."""
    while len(polygon):
        on = np.concatenate([polygon == 0, polygon == (width, height)], 1)
        between = (on & np.roll(on, 1, 0) & np.roll(on, -1, 0)).any(1)
        if not between.any():
            break
        polygon = polygon[~between]
    return polygon


def bounds(parts: Sequence[Polygon]) -> NDArray[np.float32]:
    """The box [x0, y0, x1, y1] around polygons."""
    points = np.concatenate(parts)
    return np.concatenate([points.min(0), points.max(0)])


def trace(mask: NDArray[np.bool_]) -> list[Polygon]:
    """The outlines of a mask [H, W], one a connected part; holes are filled.

    OpenCV joins the centres of border pixels. On a mask of twice the size these lie, halved, within half a pixel of
    the border, and whether they are even tells on which side of it.
    """
    doubled = mask.astype(np.uint8).repeat(2, 0).repeat(2, 1)
    contours, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [((contour[:, 0] + 1) // 2).astype(np.float32) for contour in contours]
