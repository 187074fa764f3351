"""Random windows: which part of an image is looked at, or how far around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.imaging.example import Example
from paddlex_restful.imaging.geometry import Window

_MOST_EXPANSION = 4.0
_LEAST_OVERLAPS = (None, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
"""None takes the whole window."""
_CROP_SCALE = 0.3, 1.0
_CROP_RATIO = 0.5, 2.0
_CROP_TRIES = 50
_SCALE_TRIES = 10


def whole(example: Example) -> Window:
    """The window that shows an image as it is."""
    return 0, 0, example.width, example.height


def expanded(window: Window, random: np.random.Generator) -> Window:
    """A window of up to four times the sides, with the given one somewhere inside.

    Liu et al., "SSD: Single Shot MultiBox Detector", 2016, section 3.6: objects become small.
    """
    x0, y0, x1, y1 = window
    ratio = random.uniform(1, _MOST_EXPANSION)
    left, top = (int(random.random() * (ratio - 1) * side) for side in (x1 - x0, y1 - y0))
    width, height = int(ratio * (x1 - x0)), int(ratio * (y1 - y0))
    return x0 - left, y0 - top, x0 - left + width, y0 - top + height


def cropped(window: Window, boxes: NDArray[np.float32], random: np.random.Generator) -> Window:
    """A part of a window in which objects can be seen; now and then all of it, and always where there are none.

    Liu et al., "SSD: Single Shot MultiBox Detector", 2016, section 2.2: one of the objects overlaps with the part by
    at least 0, 0.1, 0.3, 0.5, 0.7 or 0.9 (intersection over union), and the centre of one at least lies in it. The
    sides are 0.3 to 1 of the window's, their ratio differs from its ratio by at most a factor of 2.

    Args:
        window: to take a part of.
        boxes: [n, 4] of the objects, x0, y0, x1, y1 in pixels.
        random: of all that is drawn.
    """
    if not len(boxes):
        return window
    for place in random.permutation(len(_LEAST_OVERLAPS)):
        least = _LEAST_OVERLAPS[place]
        if least is None:
            break
        parts = _parts(window, random)
        # [tries, n]
        good = (_overlaps(parts, boxes) >= least) & centred(parts, boxes)
        found = np.flatnonzero(good.any(1))
        if len(found):
            x0, y0, x1, y1 = map(int, parts[found[0]])
            return x0, y0, x1, y1
    return window


def _parts(window: Window, random: np.random.Generator) -> NDArray[np.float64]:
    """Random parts of a window, [tries, 4], whole numbers."""
    x0, y0, x1, y1 = window
    scale = random.uniform(*_CROP_SCALE, _CROP_TRIES)
    ratio = random.uniform(np.maximum(_CROP_RATIO[0], scale**2), np.minimum(_CROP_RATIO[1], scale**-2))
    sides = np.stack([(x1 - x0) * scale * np.sqrt(ratio), (y1 - y0) * scale / np.sqrt(ratio)], 1)
    sides = np.maximum(1, np.floor(sides))
    room = np.array([x1 - x0, y1 - y0]) - sides
    corners = np.array([x0, y0]) + np.floor(random.random((_CROP_TRIES, 2)) * (room + 1))
    return np.concatenate([corners, corners + sides], 1)


def centred(windows: NDArray[np.float64], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the centres of boxes lie in windows.

    Args:
        windows: [m, 4].
        boxes: [n, 4].

    Returns:
        [m, n].
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside: NDArray[np.bool_] = np.all((windows[:, None, :2] <= centres) & (centres < windows[:, None, 2:]), axis=2)
    return inside


def _overlaps(windows: NDArray[np.float64], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Intersection over union, [m, n]."""
    least, most = np.maximum(windows[:, None, :2], boxes[:, :2]), np.minimum(windows[:, None, 2:], boxes[:, 2:])
    shared = (most - least).clip(0).prod(2)
    areas = [(each[:, 2:] - each[:, :2]).prod(1) for each in (windows, boxes)]
    overlaps: NDArray[np.float64] = shared / (areas[0][:, None] + areas[1] - shared)
    return overlaps


def rescaled(window: Window, min_ratio: float, aspect_ratio: float, random: np.random.Generator) -> Window:
    """A part of a window with another ratio of its sides; the whole where ten tries find none that fits.

    Szegedy et al., "Going Deeper with Convolutions", 2015, section 6: the part has a random share of the area and a
    random ratio.

    Args:
        window: to take a part of.
        min_ratio: least share of the window's area, above 0, at most 1.
        aspect_ratio: least width in heights, above 0, at most 1; the most is its inverse.
        random: of all that is drawn.
    """
    x0, y0, x1, y1 = window
    area = (x1 - x0) * (y1 - y0) * random.uniform(min_ratio, 1, _SCALE_TRIES)
    # Evenly on a logarithmic scale, so that upright and lying parts are equally likely.
    reach = abs(np.log(aspect_ratio))
    ratio = np.exp(random.uniform(-reach, reach, _SCALE_TRIES))
    widths, heights = (np.maximum(1, sides.astype(int)) for sides in (np.sqrt(area * ratio), np.sqrt(area / ratio)))
    draws = random.random((_SCALE_TRIES, 2))
    fitting = np.flatnonzero((widths <= x1 - x0) & (heights <= y1 - y0))
    if not len(fitting):
        return window
    width, height = int(widths[fitting[0]]), int(heights[fitting[0]])
    across, down = draws[fitting[0]]
    left, top = x0 + int(across * (x1 - x0 - width + 1)), y0 + int(down * (y1 - y0 - height + 1))
    return left, top, left + width, top + height
