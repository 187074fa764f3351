"""Labels stay on what they label, whatever is done to the image."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from paddlex_restful.datasets.segmentation import IGNORED
from paddlex_restful.imaging import geometry
from paddlex_restful.imaging.example import Example
from tests.imaging.painted import CROWD, GROUND, SIZE, check, scene

Change = Callable[[Example], Example]

WIDTH, HEIGHT = SIZE
CHANGES: dict[str, Change] = {
    "mirrored": lambda e: geometry.flip(e, mirrored=True, upended=False),
    "upended": lambda e: geometry.flip(e, mirrored=False, upended=True),
    "both": lambda e: geometry.flip(e, mirrored=True, upended=True),
    "crop": lambda e: geometry.crop(e, (25, 35, 150, 100)),
    "pad": lambda e: geometry.pad(e, 260, 190, 17, 31, GROUND),
    "larger": lambda e: geometry.resize(e, 333, 250),
    "squeezed": lambda e: geometry.resize(e, 150, 150),
    "resize of a crop on a canvas": lambda e: geometry.pad(
        geometry.resize(geometry.crop(e, (30, 20, 180, 110)), 200, 150), 220, 180, 3, 9, GROUND
    ),
}


@pytest.mark.parametrize("polygons", [True, False], ids=["outlined", "boxed"])
@pytest.mark.parametrize("name", CHANGES)
def test_labels_follow_the_pixels(name: str, polygons: bool) -> None:
    before = scene(polygons=polygons)
    image, boxes = before.image.copy(), before.boxes.copy()
    changed = CHANGES[name](before)
    # Without its outline, what is left of an object that was cut may be less than its box.
    check(changed, tight=polygons or name not in ("crop", "resize of a crop on a canvas"))
    assert np.array_equal(before.image, image)
    assert np.array_equal(before.boxes, boxes)


@pytest.mark.parametrize("degrees", [-180, -90, -33, -5, 0, 7, 15, 45, 90, 120])
@pytest.mark.parametrize("polygons", [True, False], ids=["outlined", "boxed"])
def test_labels_follow_a_rotation(degrees: float, polygons: bool) -> None:
    rotated = geometry.rotate(scene(polygons=polygons), degrees, GROUND)
    assert len(rotated.boxes) == 5
    check(rotated, tight=polygons)
    check(geometry.rotate(scene(polygons=polygons), degrees, GROUND, (300, 210)), tight=polygons, tolerance=4)


def test_a_rotated_box_is_the_box_around_its_rotated_corners() -> None:
    rotated = geometry.rotate(scene(polygons=False), 45, GROUND)
    # The square has sides of 40, its diagonal is their length times the root of two.
    assert rotated.boxes[0, 2:] - rotated.boxes[0, :2] == pytest.approx([56.57, 56.57], abs=0.2)


def test_a_rotation_is_counter_clockwise_on_a_canvas_that_holds_all() -> None:
    upright = scene()
    turned = geometry.rotate(upright, 90, GROUND)
    assert np.array_equal(turned.image, np.rot90(upright.image))
    assert turned.mask is not None
    assert upright.mask is not None
    assert np.array_equal(turned.mask, np.rot90(upright.mask))
    slanted = geometry.rotate(upright, 30, GROUND)
    assert (slanted.width, slanted.height) == pytest.approx((233, 204), abs=1)


def test_what_comes_in_has_the_given_colour_and_no_class() -> None:
    for changed in (
        geometry.rotate(scene(), 30, (10, 20, 300)),
        geometry.pad(scene(), 250, 200, 40, 50, (10, 20, 300)),
    ):
        assert changed.mask is not None
        assert changed.image[0, 0].tolist() == [10, 20, 255]
        assert changed.mask[0, 0] == changed.mask[-1, -1] == IGNORED


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("upended", [True, False])
def test_flipping_twice_is_as_if_nothing_happened(mirrored: bool, upended: bool) -> None:
    before = scene()
    twice = geometry.flip(geometry.flip(before, mirrored=mirrored, upended=upended), mirrored=mirrored, upended=upended)
    assert before.mask is not None
    assert before.polygons is not None
    assert twice.polygons is not None
    assert np.array_equal(twice.image, before.image)
    assert np.array_equal(twice.mask, before.mask)
    assert np.array_equal(twice.boxes, before.boxes)
    assert np.array_equal(twice.classes, before.classes)
    for parts, others in zip(twice.polygons, before.polygons, strict=True):
        assert all(np.array_equal(part, other) for part, other in zip(parts, others, strict=True))


def test_objects_that_are_cut_away_vanish_from_every_field() -> None:
    left = geometry.crop(scene(), (0, 0, 75, 120))
    assert left.classes.tolist() == [0, 2]
    assert left.crowd.tolist() == [False, False]
    assert left.weights == pytest.approx([0.2, 0.6])
    assert left.polygons is not None
    assert len(left.polygons) == len(left.boxes) == 2
    nothing = geometry.crop(scene(), (0, 0, 15, 8))
    assert nothing.boxes.shape == (0, 4)
    assert nothing.polygons == []


def test_a_part_that_is_cut_away_leaves_the_others() -> None:
    cut = geometry.crop(scene(), (100, 0, 158, 120))
    assert cut.polygons is not None
    place = cut.classes.tolist().index(3)
    assert len(cut.polygons[place]) == 1
    assert cut.boxes[place].tolist() == [40, 60, 55, 90]


def test_the_box_of_a_cut_object_holds_what_is_left_of_its_outline() -> None:
    # Of the L only the upright stroke is left.
    assert geometry.crop(scene(), (0, 60, 200, 95)).boxes[1].tolist() == [10, 10, 30, 35]
    assert geometry.crop(scene(polygons=False), (0, 60, 200, 95)).boxes[1].tolist() == [10, 10, 70, 35]


def test_slivers_vanish_and_small_objects_do_not() -> None:
    image = np.zeros((50, 50, 3), np.uint8)
    boxes = np.array([[10, 10, 20.5, 20], [30, 30, 30.5, 40]], np.float32)
    example = Example(image, boxes, np.arange(2), np.zeros(2, bool))
    assert geometry.crop(example, (20, 0, 50, 50)).classes.tolist() == [1]
    assert geometry.resize(example, 5, 5).classes.tolist() == [0, 1]


def test_crowd_regions_move_without_an_outline() -> None:
    example = scene()
    assert example.polygons is not None
    example.polygons[CROWD] = []
    flipped = geometry.flip(geometry.crop(example, (50, 40, 200, 120)), mirrored=True, upended=False)
    place = flipped.classes.tolist().index(CROWD)
    assert flipped.crowd[place]
    assert flipped.polygons is not None
    assert flipped.polygons[place] == []
    assert flipped.boxes[place].tolist() == [70, 40, 110, 70]


@pytest.mark.parametrize("name", CHANGES)
def test_an_image_without_objects_survives(name: str) -> None:
    image = scene().image
    for example in (
        Example.without_objects(image),
        Example(image, np.empty((0, 4), np.float32), np.empty(0, np.int64), np.empty(0, bool), []),
    ):
        changed = CHANGES[name](example)
        assert changed.boxes.shape == (0, 4)
        assert changed.mask is None
        assert np.array_equal(changed.image, CHANGES[name](scene()).image)


def test_masks_keep_their_ids() -> None:
    example = scene()
    for changed in (geometry.resize(example, 77, 401), geometry.rotate(example, 20, GROUND)):
        assert changed.mask is not None
        assert set(np.unique(changed.mask)) <= {0, 1, 2, 3, 4, 5, IGNORED}


def test_an_image_that_is_rotated_alone_keeps_its_size() -> None:
    image = scene().image
    rotated = geometry.rotate_image(image, 90, (0, 0, 0))
    assert rotated.shape == image.shape
    middle = np.rot90(image[:, 40:160])
    assert cv2.absdiff(rotated[:, 40:160], np.ascontiguousarray(middle)).max() == 0


def test_boxes_move_to_the_pixel() -> None:
    def moved(change: Change) -> list[float]:
        return [round(float(value), 3) for value in change(scene()).boxes[0]]

    assert moved(CHANGES["mirrored"]) == [140, 10, 180, 50]
    assert moved(CHANGES["upended"]) == [20, 70, 60, 110]
    assert moved(CHANGES["pad"]) == [37, 41, 77, 81]
    assert moved(lambda e: geometry.resize(e, 400, 60)) == [40, 5, 120, 25]
    assert moved(lambda e: geometry.rotate(e, 90, GROUND)) == [10, 140, 50, 180]
    assert moved(lambda e: geometry.rotate(e, 180, GROUND)) == [140, 70, 180, 110]
