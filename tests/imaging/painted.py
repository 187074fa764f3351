"""An image whose objects are painted in colours of their own, so that labels can be compared with pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from paddlex_restful.imaging.example import Example

GROUND = (128, 128, 128)
COLOURS = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)])
OUTLINES: list[list[list[tuple[int, int]]]] = [
    [[(20, 10), (60, 10), (60, 50), (20, 50)]],
    [[(80, 20), (130, 30), (100, 70)]],
    # An L, and an object of two parts.
    [[(10, 70), (30, 70), (30, 100), (70, 100), (70, 115), (10, 115)]],
    [[(140, 60), (155, 60), (155, 90), (140, 90)], [(160, 70), (180, 70), (180, 110), (160, 110)]],
    [[(90, 90), (110, 80), (130, 90), (130, 110), (90, 110)]],
]
CROWD = 4
SIZE = (200, 120)


def scene(*, polygons: bool = True) -> Example:
    """Five objects on grey; the mask has the class ids 1 to 5."""
    width, height = SIZE
    image = np.full((height, width, 3), GROUND, np.uint8)
    mask = np.zeros((height, width), np.uint8)
    outlines = [[np.array(part, np.float32) for part in parts] for parts in OUTLINES]
    for index, parts in enumerate(outlines):
        inside = filled(parts, width, height)
        image[inside] = COLOURS[index]
        mask[inside] = index + 1
    points = [np.concatenate(parts) for parts in outlines]
    return Example(
        image,
        np.array([[*each.min(0), *each.max(0)] for each in points], np.float32),
        np.arange(5),
        np.arange(5) == CROWD,
        outlines if polygons else None,
        mask,
        np.linspace(0.2, 1, 5, dtype=np.float32),
    )


def filled(parts: Any, width: int, height: int) -> Any:
    """The pixels [height, width] whose centres lie in one of the polygons."""
    mask = np.zeros((height, width), bool)
    y, x = np.mgrid[:height, :width] + 0.5
    for part in parts:
        inside = np.zeros_like(mask)
        for (x0, y0), (x1, y1) in zip(part, np.roll(part, -1, 0), strict=True):
            if y0 != y1:
                inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
        mask |= inside
    return mask


def pixels_of(image: Any, index: int) -> Any:
    """The pixels [H, W] that have an object's colour, blended with another by less than half."""
    distances = np.abs(image[..., None, :].astype(int) - np.array([*COLOURS, GROUND])).sum(-1)
    return (distances.argmin(-1) == index) & (distances.min(-1) < 190)


def check(example: Example, *, tolerance: float = 2.0, tight: bool = True, complete: bool = True) -> None:
    """Compare the labels with the pixels.

    Args:
        example: a scene after some change of geometry.
        tolerance: pixels by which a side of a box, or the border of an outline, may differ from what is painted.
        tight: boxes must fit; else they need only cover.
        complete: what can be seen must have its label.
    """
    n = len(example.boxes)
    assert example.image.dtype == np.uint8
    assert example.boxes.dtype == np.float32
    assert example.boxes.shape == (n, 4)
    assert len(example.classes) == len(example.crowd) == len(example.weights) == n
    assert example.polygons is None or len(example.polygons) == n
    assert np.array_equal(example.crowd, example.classes == CROWD)
    assert np.allclose(example.weights, 0.2 * (example.classes + 1))
    for place, (box, index) in enumerate(zip(example.boxes, example.classes, strict=True)):
        assert (box[:2] >= 0).all()
        assert (box[2:] <= (example.width, example.height)).all()
        painted = pixels_of(example.image, int(index))
        if painted.sum() < 20:
            assert (box[2:] - box[:2]).min() < 8, "a box of an object that is not there"
            continue
        rows, columns = np.flatnonzero(painted.any(1)), np.flatnonzero(painted.any(0))
        seen = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
        assert (box[:2] <= seen[:2] + tolerance).all()
        assert (box[2:] >= seen[2:] - tolerance).all()
        if tight:
            assert np.abs(box - seen).max() <= tolerance, (index, box, seen)
        if example.polygons is not None:
            inside = filled(example.polygons[place], example.width, example.height)
            assert _agree(inside, painted, tolerance), f"the outline of object {index} lies elsewhere"
    missing = set(range(5)) - set(example.classes.tolist()) if complete else set()
    for index in missing:
        rows, columns = np.nonzero(pixels_of(example.image, index))
        assert not len(rows) or min(np.ptp(rows), np.ptp(columns)) <= 2, f"object {index} was lost"
    if example.mask is not None:
        assert example.mask.dtype == np.uint8
        assert example.mask.shape == example.image.shape[:2]
        for index in range(5):
            assert _agree(example.mask == index + 1, pixels_of(example.image, index), tolerance), f"mask of {index}"


def _agree(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two masks differ by nothing but a border of so many pixels."""
    side = 2 * int(tolerance) + 1
    kernel = np.ones((side, side), np.uint8)
    wide = [cv2.dilate(each.astype(np.uint8), kernel) > 0 for each in (one, other)]
    return not (one & ~wide[1]).any() and not (other & ~wide[0]).any()
