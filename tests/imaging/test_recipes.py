"""What the parameters of each project type do to an image and its labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paddlex_restful.datasets.segmentation import IGNORED
from paddlex_restful.imaging.example import Example
from paddlex_restful.imaging.recipes import Recipe, input_size, prepare
from paddlex_restful.params import check_params
from tests.imaging.painted import GROUND, SIZE, check, scene

MODELS = {
    "YOLOv3": "detection",
    "PicoDet": "detection",
    "FasterRCNN": "detection",
    "MaskRCNN": "instance_segmentation",
    "BiSeNetV2": "segmentation",
    "ResNet18": "classification",
}
SWITCHES = (
    "brightness",
    "contrast",
    "saturation",
    "hue",
    "blur",
    "horizontal_flip",
    "vertical_flip",
    "rotate",
    "scale_aspect",
    "expand_image",
    "crop_image",
    "use_mixup",
    "random_shape",
)
SHAPE = [96, 160]


def params(model: str, *on: str, prob: float = 1.0, **others: Any) -> dict[str, Any]:
    """Checked parameters of a model with these changes on, at a probability, and all others off."""
    checked = check_params(MODELS[model], {"model": model, "image_shape": SHAPE})
    for name in SWITCHES:
        if name in checked:
            checked[name] = name in on
        if f"{name}_prob" in checked:
            checked[f"{name}_prob"] = prob
    if "expand_prob" in checked:
        checked["expand_prob"] = prob
    return checked | {"image_mean": [value / 255 for value in GROUND]} | others


def every(model: str) -> list[str]:
    return [name for name in SWITCHES if name in params(model)]


def example_for(model: str) -> Example:
    example = scene(polygons=MODELS[model] != "detection")
    return example if MODELS[model] == "segmentation" else replace(example, mask=None)


def cook(model: str, values: dict[str, Any], seed: int = 0, example: Example | None = None) -> Example:
    example = example or example_for(model)
    other = replace(example, image=255 - example.image)
    return Recipe(MODELS[model], values)(example, np.random.default_rng(seed), lambda: other)


def same(one: Example, other: Example) -> bool:
    masks = (one.mask is None) == (other.mask is None) and np.array_equal(one.mask, other.mask)  # type: ignore[arg-type]
    return masks and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("image", "boxes", "classes", "crowd", "weights")
    )


@pytest.mark.parametrize("model", MODELS)
def test_with_everything_off_only_the_size_changes(model: str) -> None:
    before = example_for(model)
    after = cook(model, params(model))
    assert np.array_equal(after.image, prepare(before.image, MODELS[model], params(model)))
    assert len(after.boxes) == 5
    if MODELS[model] != "classification":
        check(after)


@pytest.mark.parametrize("model", MODELS)
def test_a_probability_of_zero_changes_nothing(model: str) -> None:
    on = [name for name in every(model) if f"{name}_prob" in params(model) or name == "expand_image"]
    for seed in range(20):
        assert same(cook(model, params(model, *on, prob=0.0), seed), cook(model, params(model)))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (model, name)
        for model in MODELS
        for name in every(model)
        if name != "random_shape" and not ("RCNN" in model and name in ("expand_image", "crop_image", "use_mixup"))
    ],
)
def test_each_switch_changes_the_image(model: str, name: str) -> None:
    plain = cook(model, params(model))
    assert any(not np.array_equal(cook(model, params(model, name), seed).image, plain.image) for seed in range(5))


@pytest.mark.parametrize("model", ["FasterRCNN", "MaskRCNN"])
def test_the_rcnn_models_leave_what_belongs_to_the_others(model: str) -> None:
    values = params(model, "expand_image", "crop_image", "use_mixup", "random_shape")
    assert Recipe(MODELS[model], values).sides == ()
    for seed in range(5):
        assert same(cook(model, values, seed), cook(model, params(model)))


@pytest.mark.parametrize("model", MODELS)
def test_a_generator_decides_everything(model: str) -> None:
    values = params(model, *every(model), prob=0.5)
    results = [cook(model, values, seed) for seed in range(8)]
    assert all(same(result, cook(model, values, seed)) for seed, result in enumerate(results))
    assert not all(np.array_equal(results[0].image, result.image) for result in results[1:])


@pytest.mark.parametrize("model", MODELS)
def test_the_example_is_left_as_it_is(model: str) -> None:
    # An image that has the size of the input already is no exception.
    for shape in (SHAPE, [SIZE[1], SIZE[0]], [SIZE[0], SIZE[1]]):
        example = example_for(model)
        image = example.image
        for seed in range(5):
            cook(model, params(model, *every(model), image_shape=shape), seed, example)
        assert example.image is image
        assert same(example, example_for(model))


@pytest.mark.parametrize("model", [model for model in MODELS if MODELS[model] != "classification"])
def test_labels_follow_the_pixels_through_all_that_moves_them(model: str) -> None:
    moving = [
        name
        for name in ("horizontal_flip", "vertical_flip", "rotate", "scale_aspect", "expand_image", "crop_image")
        if name in params(model)
    ]
    values = params(model, *moving, prob=0.7, image_shape=[200, 300])
    if MODELS[model] == "segmentation":
        values["max_rotation"] = 45
    for seed in range(20):
        after = cook(model, values, seed)
        # Boxes of what a crop cuts are wider than what is left; objects whose centre is cut off are not labelled.
        cropped = bool(values.get("crop_image")) and model != "MaskRCNN"
        check(after, tolerance=12 if cropped else 4, tight=not cropped, complete=not cropped)


@pytest.mark.parametrize("model", MODELS)
def test_images_without_objects_survive(model: str) -> None:
    mask = np.zeros(SIZE[::-1], np.uint8) if MODELS[model] == "segmentation" else None
    for seed in range(20):
        example = Example.without_objects(scene().image, mask)
        after = cook(model, params(model, *every(model), prob=0.8), seed, example)
        assert after.boxes.shape == (0, 4)
        assert after.weights.shape == after.classes.shape == (0,)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (150, 2)])
@pytest.mark.parametrize("model", MODELS)
def test_the_strangest_sizes_survive(model: str, size: tuple[int, int]) -> None:
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    box = np.array([[0, 0, width, height]], np.float32)
    mask = np.zeros((height, width), np.uint8) if MODELS[model] == "segmentation" else None
    for seed in range(20):
        example = Example(image, box, np.zeros(1, np.int64), np.zeros(1, bool), mask=mask)
        after = cook(model, params(model, *every(model), prob=0.8), seed, example)
        assert min(after.image.shape[:2]) >= 1
        assert mask is None or after.mask is not None


def test_mixup_takes_another_example_once() -> None:
    asked = []

    def other() -> Example:
        asked.append(True)
        return example_for("YOLOv3")

    def mixed(*on: str) -> Example:
        return Recipe("detection", params("YOLOv3", *on))(example_for("YOLOv3"), np.random.default_rng(0), other)

    both = mixed("use_mixup")
    assert len(asked) == 1
    assert len(both.boxes) == 10
    share = both.weights[0] / 0.2
    assert both.weights[5] / 0.2 == pytest.approx(1 - share)
    assert 0 < share < 1
    mixed()
    assert len(asked) == 1


def test_the_share_of_a_mixup_follows_its_two_parameters() -> None:
    def shares(alpha: float, beta: float) -> Any:
        values = params("YOLOv3", "use_mixup", mixup_alpha=alpha, mixup_beta=beta, image_shape=[32, 32])
        return [cook("YOLOv3", values, seed).weights[0] / 0.2 for seed in range(60)]

    assert np.mean(shares(30, 10)) == pytest.approx(0.75, abs=0.04)
    assert np.mean(shares(10, 30)) == pytest.approx(0.25, abs=0.04)


def test_what_lies_around_an_expanded_image_has_the_mean_colour() -> None:
    image = np.full((60, 60, 3), 250, np.uint8)
    for seed in range(10):
        example = Example.without_objects(image)
        values = params("YOLOv3", "expand_image", image_mean=[0.1, 0.2, 0.3])
        after = cook("YOLOv3", values, seed, example).image
        colours = {tuple(colour) for colour in after.reshape(-1, 3).tolist()}
        assert colours <= {(250, 250, 250), (26, 51, 76), (25, 51, 77), (26, 51, 77), (25, 51, 76)}
        assert len(colours) == 2


def test_a_crowd_that_can_be_seen_stays_when_its_centre_is_cut_off() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    boxes = np.array([[0, 0, 20, 20], [0, 0, 100, 100]], np.float32)
    example = Example(image, boxes, np.arange(2), np.array([False, True]))
    for seed in range(30):
        assert 1 in cook("YOLOv3", params("YOLOv3", "crop_image"), seed, example).classes


def test_the_corners_of_a_rotated_image_are_ignored() -> None:
    after = cook("BiSeNetV2", params("BiSeNetV2", "rotate", max_rotation=40))
    assert after.mask is not None
    ignored = after.mask == IGNORED
    assert 0.05 < ignored.mean() < 0.7
    assert np.abs(after.image[ignored].astype(int) - GROUND).max() <= 2


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("YOLOv3", (160, 96)),
        ("BiSeNetV2", (160, 96)),
        ("ResNet18", (96, 160)),
        # 200 x 120: the short side to 96 makes the long one 160, which may be no longer.
        ("FasterRCNN", (160, 96)),
    ],
)
def test_image_shape_has_the_order_of_its_type(model: str, expected: tuple[int, int]) -> None:
    assert input_size(MODELS[model], params(model), *SIZE) == expected


def test_the_rcnn_models_keep_the_ratio() -> None:
    values = params("MaskRCNN")
    assert input_size("instance_segmentation", values, 120, 200) == (96, 160)
    assert input_size("instance_segmentation", values, 100, 100) == (96, 96)
    assert input_size("instance_segmentation", values, 1000, 100) == (160, 16)
    assert input_size("instance_segmentation", values, 1, 1000) == (1, 160)


def test_random_shapes_are_squares_of_the_named_sides() -> None:
    values = params("YOLOv3", "random_shape", random_shape_sizes=[64, 96])
    recipe = Recipe("detection", values)
    assert recipe.sides == (64, 96)
    assert Recipe("detection", params("YOLOv3")).sides == ()
    for size in recipe.sides:
        after = recipe(example_for("YOLOv3"), np.random.default_rng(0), scene, size)
        assert after.image.shape == (size, size, 3)
        check(after)
