"""Changes of colour, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from paddlex_restful.imaging import colours
from paddlex_restful.imaging.colours import Jitter

NAMES = ("brightness", "contrast", "saturation", "hue")


@pytest.fixture
def image() -> Any:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def jitter(*on: str, prob: float = 1.0) -> Jitter:
    params: dict[str, Any] = {}
    for name in NAMES:
        params |= {name: name in on, f"{name}_prob": prob, f"{name}_range": 18 if name == "hue" else 0.5}
    return Jitter(params)


def test_no_amount_changes_nothing(image: Any) -> None:
    for change in (colours.brightness, colours.contrast, colours.saturation):
        assert np.abs(change(image, 0.0).astype(int) - image).max() <= 1
    assert np.abs(colours.hue(image, 0.0).astype(int) - image).max() <= 8


def test_a_full_turn_of_the_hue_is_none(image: Any) -> None:
    assert np.array_equal(colours.hue(image, 360), colours.hue(image, 0))
    assert np.array_equal(colours.hue(image, -90), colours.hue(image, 270))


def test_a_blur_keeps_the_mean_and_takes_the_detail(image: Any) -> None:
    deviations = [float(image.std()), *(float(colours.blur(image, side).std()) for side in (3, 9))]
    assert deviations[0] > deviations[1] > deviations[2]
    assert float(colours.blur(image, 9).mean()) == pytest.approx(float(image.mean()), abs=3)


@pytest.mark.parametrize("place", range(4))
def test_each_change_has_its_own_draws(image: Any, place: int) -> None:
    only = jitter(NAMES[place])
    draws = np.full(Jitter.DRAWS, 0.9)
    assert not np.array_equal(only(image, draws), image)
    assert np.array_equal(only(image, draws), jitter(*NAMES)(image, np.where(np.arange(8) // 2 == place, 0.9, 1.0)))
    assert np.array_equal(jitter(NAMES[place], prob=0.5)(image, draws), image)


def test_parts_of_larger_images_are_taken(image: Any) -> None:
    part = image[3:17, 5:25]
    draws = np.full(Jitter.DRAWS, 0.8)
    assert np.array_equal(jitter(*NAMES)(part, draws), jitter(*NAMES)(part.copy(), draws))


def test_what_is_switched_off_or_unnamed_never_happens() -> None:
    assert colours.probability({"blur": False, "blur_prob": 1.0}, "blur") == 0
    assert colours.probability({"blur_prob": 1.0}, "blur") == 0
    assert colours.probability({"blur": True, "blur_prob": 0.25}, "blur") == 0.25
    assert [colours.spread(draw, 30) for draw in (0, 0.5, 1)] == [-30, 0, 30]
