"""Changes of place and size: image, boxes, polygons and mask move together.

Images are resampled bilinearly, masks by the nearest pixel, and what comes in from outside is of a given colour in the
image and ``IGNORED`` in the mask. Each function gives a new example (or image); see ``Example.moved`` for what becomes
of the objects.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from paddlex_restful.datasets.segmentation import IGNORED
from paddlex_restful.imaging.example import Example
from paddlex_restful.imaging.image import Matrix, Pixels

Colour = Sequence[float]
"""Red, green, blue: 0 to 255."""

Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels; it may reach beyond an image."""


def flip(example: Example, *, mirrored: bool, upended: bool) -> Example:
    """Exchange left and right (``mirrored``), top and bottom (``upended``), or both."""
    if not mirrored and not upended:
        return example
    matrix = np.array([[1.0, 0, 0], [0, 1, 0]])
    if mirrored:
        matrix[0] = -1, 0, example.width
    if upended:
        matrix[1] = 0, -1, example.height
    mask = example.mask if example.mask is None else _flipped(example.mask, mirrored, upended)
    return example.moved(matrix, _flipped(example.image, mirrored, upended), mask)


def _flipped(pixels: NDArray[np.uint8], mirrored: bool, upended: bool) -> NDArray[np.uint8]:
    flipped: NDArray[np.uint8] = cv2.flip(pixels, -1 if mirrored and upended else int(mirrored))
    return flipped


def crop(example: Example, window: Window) -> Example:
    """The part of an image inside a window that lies within it."""
    x0, y0, x1, y1 = window
    mask = example.mask if example.mask is None else example.mask[y0:y1, x0:x1]
    return example.moved(_shift(-x0, -y0), example.image[y0:y1, x0:x1], mask)


def pad(example: Example, width: int, height: int, left: int, top: int, colour: Colour) -> Example:
    """The image on a canvas.

    Args:
        example: what to put there.
        width: of the canvas, in pixels.
        height: of the canvas.
        left: column of the image's left edge; the image lies within the canvas.
        top: row of its upper edge.
        colour: of the canvas.
    """
    if (width, height) == (example.width, example.height):
        return example
    image = np.empty((height, width, 3), np.uint8)
    image[:] = np.clip(np.round(colour), 0, 255)
    inside = np.s_[top : top + example.height, left : left + example.width]
    image[inside] = example.image
    mask = None
    if example.mask is not None:
        mask = np.full((height, width), IGNORED, np.uint8)
        mask[inside] = example.mask
    return example.moved(_shift(left, top), image, mask)


def _shift(right: float, down: float) -> Matrix:
    return np.array([[1.0, 0, right], [0, 1, down]])


def resize(example: Example, width: int, height: int) -> Example:
    """Resize to a width and height in pixels; the ratio of the sides follows these."""
    if (width, height) == (example.width, example.height):
        return example
    mask = example.mask
    if mask is not None:
        mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    matrix = np.array([[width / example.width, 0, 0], [0, height / example.height, 0]])
    return example.moved(matrix, resize_image(example.image, width, height), mask)


def resize_image(image: Pixels, width: int, height: int) -> Pixels:
    """Resize an image alone, bilinear."""
    resized: Pixels = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized


def rotate(example: Example, degrees: float, colour: Colour, size: tuple[int, int] | None = None) -> Example:
    """Rotate about the centre, on a canvas that grows so that nothing is cut off.

    Args:
        example: what to rotate.
        degrees: counter-clockwise.
        colour: of what comes in at the corners.
        size: width and height to which the canvas is resized in the same step; none keeps the scale.
    """
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    canvas_width = example.width * abs(cos) + example.height * abs(sin)
    canvas_height = example.width * abs(sin) + example.height * abs(cos)
    width, height = size or (round(canvas_width), round(canvas_height))
    scale = np.diag([width / canvas_width, height / canvas_height])
    linear = scale @ np.array([[cos, sin], [-sin, cos]])
    shift = np.array([width, height]) / 2 - linear @ (np.array([example.width, example.height]) / 2)
    matrix = np.column_stack([linear, shift])
    # OpenCV counts from the centres of the pixels, half a pixel from their corners.
    centres = np.column_stack([linear, linear @ [0.5, 0.5] + shift - 0.5])
    image = _warped(example.image, centres, (width, height), cv2.INTER_LINEAR, list(colour))
    mask = None
    if example.mask is not None:
        mask = _warped(example.mask, centres, (width, height), cv2.INTER_NEAREST, IGNORED)
    return example.moved(matrix, image, mask)


def rotate_image(image: Pixels, degrees: float, colour: Colour) -> Pixels:
    """Rotate an image alone about its centre, counter-clockwise; its size stays, and corners are cut off."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return _warped(image, turn, (width, height), cv2.INTER_LINEAR, list(colour))


def _warped(
    pixels: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int], interpolation: int, border: Any
) -> NDArray[np.uint8]:
    warped: NDArray[np.uint8] = cv2.warpAffine(
        pixels, matrix, size, flags=interpolation, borderMode=cv2.BORDER_CONSTANT, borderValue=border
    )
    return warped
