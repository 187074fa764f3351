"""Random windows show what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from paddlex_restful.imaging import windows

BOXES = np.array([[10, 10, 60, 60], [100, 30, 180, 90]], np.float32)
WHOLE = (0, 0, 200, 120)


def many(seeds: int = 300) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in range(seeds)]


def test_an_expanded_window_holds_the_first_and_is_at_most_four_times_as_wide() -> None:
    ratios = []
    for random in many():
        x0, y0, x1, y1 = windows.expanded(WHOLE, random)
        assert x0 <= 0
        assert y0 <= 0
        assert x1 >= 200
        assert y1 >= 120
        ratios.append((x1 - x0) / 200)
        assert (y1 - y0) / 120 == pytest.approx(ratios[-1], abs=0.02)
    assert min(ratios) < 1.2
    assert 3.8 < max(ratios) <= 4


def test_a_cropped_window_is_a_part_with_the_centre_of_an_object() -> None:
    shown = []
    for random in many():
        part = x0, y0, x1, y1 = windows.cropped(WHOLE, BOXES, random)
        assert 0 <= x0 < x1 <= 200
        assert 0 <= y0 < y1 <= 120
        assert windows.centred(np.array([part]), BOXES).any()
        shown.append((x1 - x0) * (y1 - y0) / (200 * 120))
    assert min(shown) < 0.2
    assert 0.1 < np.mean(np.array(shown) == 1) < 0.6


def test_a_crop_may_reach_beyond_the_image_where_the_window_does() -> None:
    parts = [windows.cropped((-300, -200, 500, 400), BOXES, random) for random in many()]
    assert min(part[0] for part in parts) < -100
    assert max(part[3] for part in parts) > 250


def test_without_objects_nothing_is_cropped() -> None:
    assert windows.cropped(WHOLE, BOXES[:0], np.random.default_rng(0)) == WHOLE


def test_tiny_images_are_cropped() -> None:
    box = np.array([[0, 0, 1, 1]], np.float32)
    for random in many(50):
        x0, y0, x1, y1 = windows.cropped((0, 0, 2, 1), box, random)
        assert 0 <= x0 < x1 <= 2
        assert (y0, y1) == (0, 1)


def test_a_rescaled_window_keeps_to_area_and_ratio() -> None:
    seen = []
    for random in many():
        x0, y0, x1, y1 = windows.rescaled(WHOLE, 0.25, 0.5, random)
        assert 0 <= x0 < x1 <= 200
        assert 0 <= y0 < y1 <= 120
        width, height = x1 - x0, y1 - y0
        assert (width, height) == (200, 120) or 0.24 < width * height / 24000 <= 1
        assert 0.48 < width / height < 2.05
        seen.append(width / height)
    assert min(seen) < 0.8
    assert max(seen) > 1.6


def test_what_cannot_fit_is_not_rescaled() -> None:
    assert windows.rescaled((0, 0, 1000, 10), 0.9, 1.0, np.random.default_rng(0)) == (0, 0, 1000, 10)
