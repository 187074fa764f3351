"""Cutting and tracing outlines."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Polygon as Shape
from shapely.geometry import box

from paddlex_restful.imaging import polygons
from tests.imaging.painted import filled

SQUARE = np.array([(2, 2), (8, 2), (8, 8), (2, 8)], np.float32)


def test_what_lies_inside_stays_as_it_is() -> None:
    assert np.array_equal(polygons.clip(SQUARE, 10, 10), SQUARE)
    assert np.array_equal(polygons.clip(SQUARE, 8, 8), SQUARE)


@pytest.mark.parametrize("shift", [(-6, 0), (0, -7), (7, 0), (0, 5), (-4, -4), (5, -6)])
def test_a_square_is_cut_to_a_rectangle(shift: tuple[int, int]) -> None:
    cut = polygons.clip(SQUARE + np.array(shift, np.float32), 10, 10)
    x, y = shift
    assert polygons.bounds([cut]).tolist() == [max(0, 2 + x), max(0, 2 + y), min(10, 8 + x), min(10, 8 + y)]


@pytest.mark.parametrize("shift", [(-8, 0), (8, 8), (30, 0), (0, -8)])
def test_nothing_is_left_of_what_lies_outside_or_only_touches(shift: tuple[int, int]) -> None:
    assert polygons.clip(SQUARE + np.array(shift, np.float32), 10, 10).shape == (0, 2)


def test_a_cut_keeps_the_area_of_any_star() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        angles = np.sort(random.uniform(0, 2 * np.pi, 9))
        radii = random.uniform(3, 20, 9)
        centre = random.uniform(-5, 25, 2)
        star = (centre + np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]).astype(np.float32)
        shape = Shape(star)
        if not shape.is_valid:
            continue
        cut = polygons.clip(star, 20, 15)
        expected = shape.intersection(box(0, 0, 20, 15))
        area = Shape(cut).area if len(cut) else 0.0
        assert area == pytest.approx(expected.area, abs=1e-3)
        if not expected.is_empty:
            assert polygons.bounds([cut]) == pytest.approx(np.array(expected.bounds), abs=1e-4)


def test_pieces_apart_are_not_joined_to_what_only_touches_the_edge() -> None:
    ell = np.array([(0, 0), (2, 0), (2, 6), (9, 6), (9, 8), (0, 8)], np.float32)
    assert polygons.bounds([polygons.clip(ell, 10, 6)]).tolist() == [0, 0, 2, 6]


def test_a_mask_is_traced_along_the_edges_of_its_pixels() -> None:
    mask = np.zeros((12, 14), bool)
    mask[3:7, 2:9] = True
    mask[10, 12] = True
    outlines = sorted((polygons.bounds([part]).tolist() for part in polygons.trace(mask)), key=lambda each: each[0])
    assert outlines == [[2, 3, 9, 7], [12, 10, 13, 11]]
    assert np.array_equal(filled(polygons.trace(mask), 14, 12), mask)


def test_a_round_mask_is_traced_within_a_pixel() -> None:
    y, x = np.mgrid[:40, :50]
    mask = (x - 22) ** 2 + (y - 19) ** 2 < 200
    traced = filled(polygons.trace(mask), 50, 40)
    assert (traced != mask).sum() < 0.05 * mask.sum()
    assert polygons.trace(np.zeros((5, 5), bool)) == []
