"""Boxes [x0, y0, x1, y1] in pixels, from the upper left corner of the image."""

from __future__ import annotations

from collections.abc import Sequence

from paddlex_restful.messages import dataset as messages

TOLERANCE = 1.0
"""Pixels by which a box may pass the edge: Pascal VOC counts from 1, and tools round. ``clip`` cuts them off."""


def fault(box: Sequence[float], size: tuple[int, int]) -> str | None:
    """The sentence on what is wrong with a box in an image of this width and height; None when it is good."""
    x0, y0, x1, y1 = box
    if x1 <= x0 or y1 <= y0:
        return messages.BOX_EMPTY
    width, height = size
    if x0 < -TOLERANCE or y0 < -TOLERANCE or x1 > width + TOLERANCE or y1 > height + TOLERANCE:
        return messages.BOX_OUTSIDE
    return None


def clip(box: Sequence[float], size: tuple[int, int]) -> list[float]:
    """The part of a box that lies in an image of this width and height."""
    x0, y0, x1, y1 = box
    width, height = size
    return [float(value) for value in (max(0, x0), max(0, y0), min(width, x1), min(height, y1))]


def printable(box: Sequence[float]) -> str:
    """The box as a message shows it."""
    return ", ".join(f"{value:g}" for value in box)
