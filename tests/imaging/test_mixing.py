"""Two examples in one."""

from __future__ import annotations

import numpy as np
import pytest

from paddlex_restful.imaging import geometry
from paddlex_restful.imaging.example import Example
from paddlex_restful.imaging.mixing import mixup
from tests.imaging.painted import scene


def test_the_objects_of_both_weigh_as_much_as_their_images() -> None:
    one = scene()
    other = geometry.crop(scene(), (0, 0, 75, 120))
    mixed = mixup(one, other, 0.75)
    assert mixed.image.shape == one.image.shape
    assert mixed.boxes.tolist() == [*one.boxes.tolist(), *other.boxes.tolist()]
    assert mixed.classes.tolist() == [0, 1, 2, 3, 4, 0, 2]
    assert mixed.crowd.tolist() == [False] * 4 + [True] + [False] * 2
    assert mixed.weights == pytest.approx([0.15, 0.3, 0.45, 0.6, 0.75, 0.05, 0.15])
    assert mixed.polygons is not None
    assert len(mixed.polygons) == 7


def test_the_image_is_the_weighted_mean() -> None:
    wide = Example.without_objects(np.full((4, 9, 3), 100, np.uint8))
    high = Example.without_objects(np.full((8, 5, 3), 200, np.uint8))
    image = mixup(wide, high, 0.25).image
    assert image.shape == (8, 9, 3)
    assert image[0, 0].tolist() == [175] * 3
    assert image[0, 8].tolist() == [25] * 3
    assert image[7, 0].tolist() == [150] * 3
    assert image[7, 8].tolist() == [0] * 3
    assert mixup(wide, high, 0.25).boxes.shape == (0, 4)


def test_both_examples_stay_as_they_are() -> None:
    one, other = scene(), scene()
    mixup(one, other, 0.5)
    assert np.array_equal(one.image, scene().image)
    assert np.array_equal(one.weights, other.weights)
