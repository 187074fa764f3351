"""Reading images of every kind, and each random change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlex_restful.imaging.augment import Augment
from paddlex_restful.imaging.image import read_image
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobFailed
from tests.images import bomb, scramble, truncate

CHANGES = ("brightness", "contrast", "saturation", "hue", "rotate", "horizontal_flip", "vertical_flip")
RANGES = {"brightness": 0.9, "contrast": 0.9, "saturation": 0.9, "hue": 18, "rotate": 30}
MEAN = [0.485, 0.456, 0.406]


@pytest.fixture
def image() -> Any:
    y, x = np.mgrid[:24, :32]
    return np.stack([x * 7, y * 9, (x + y) * 4], 2).astype(np.uint8)


def augment(*on: str, prob: float = 1.0, **ranges: float) -> Augment:
    params: dict[str, Any] = {"image_mean": MEAN}
    for name in CHANGES:
        params |= {name: name in on, f"{name}_prob": prob}
    return Augment(params | {f"{name}_range": value for name, value in (RANGES | ranges).items()})


def draws(value: float = 0.9) -> list[float]:
    return [value] * Augment.DRAWS


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_is_on_changes_pixels(image: Any, name: str) -> None:
    before = image.copy()
    changed = augment(name)(image, draws())
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, image)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_happens_with_its_probability(image: Any, name: str) -> None:
    sometimes = augment(name, prob=0.3)
    assert not np.array_equal(sometimes(image, draws(0.29)), image)
    assert np.array_equal(sometimes(image, draws(0.31)), image)
    assert np.array_equal(augment(name, prob=0.0)(image, draws(0.0)), image)


@pytest.mark.parametrize("name", list(RANGES))
def test_a_range_of_zero_leaves_the_picture_nearly_as_it_is(image: Any, name: str) -> None:
    changed = augment(name, **{name: 0})(image, draws())
    # Colours go through hue, saturation and value of eight bits each.
    assert np.abs(changed.astype(int) - image).max() <= (8 if name == "hue" else 1)


@pytest.mark.parametrize("name", list(RANGES))
def test_a_larger_range_changes_more(image: Any, name: str) -> None:
    def change(range_: float) -> float:
        changed = augment(name, **{name: range_})(image, draws())
        return float(np.abs(changed.astype(int) - image).mean())

    assert change(RANGES[name]) > change(RANGES[name] / 4)


def test_with_everything_off_or_unnamed_the_image_stays(image: Any) -> None:
    assert np.array_equal(augment()(image, draws()), image)
    assert np.array_equal(Augment({"image_mean": MEAN})(image, draws(0.0)), image)


def test_everything_at_once_keeps_shape_and_follows_from_the_draws(image: Any) -> None:
    every = augment(*CHANGES)
    random = np.random.default_rng(0)
    one, other = random.random((2, Augment.DRAWS))
    assert every(image, one).shape == image.shape
    assert np.array_equal(every(image, one), every(image, one))
    assert not np.array_equal(every(image, one), every(image, other))


def test_brightness_multiplies(image: Any) -> None:
    brighter = augment("brightness", brightness=0.5)(image, [0.0, 1.0] * 6)
    assert np.array_equal(brighter, np.round(image * 1.5).clip(0, 255).astype(np.uint8))


def test_contrast_keeps_the_mean_brightness() -> None:
    image = np.full((8, 8, 3), 100, np.uint8)
    image[:4] = 140
    flat = augment("contrast", contrast=1.0)(image, [0.0, 0.0] * 6)
    assert np.all(flat == 120)


def test_no_saturation_is_grey(image: Any) -> None:
    grey = augment("saturation", saturation=1.0)(image, [0.0, 0.0] * 6)
    assert np.array_equal(grey[..., 0], grey[..., 1])
    assert np.array_equal(grey[..., 1], grey[..., 2])


def test_hue_turns_by_degrees_of_the_colour_circle() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    turned = augment("hue", hue=120)(red, [0.0, 1.0] * 6)[0, 0].astype(int)
    assert turned[1] > 240
    assert max(turned[0], turned[2]) < 10


def test_rotation_turns_about_the_centre_and_fills_with_the_mean_colour() -> None:
    image = np.zeros((33, 33, 3), np.uint8)
    image[16, 16] = 255
    turned = augment("rotate", rotate=45)(image, [0.0, 1.0] * 6)
    assert turned[16, 16].min() > 200
    assert np.abs(turned[0, 0] - 255 * np.array(MEAN)).max() <= 1


def test_flips_mirror(image: Any) -> None:
    assert np.array_equal(augment("horizontal_flip")(image, draws()), image[:, ::-1])
    assert np.array_equal(augment("vertical_flip")(image, draws()), image[::-1])
    assert np.array_equal(augment("horizontal_flip", "vertical_flip")(image, draws()), image[::-1, ::-1])


def test_normalisation_is_the_textbooks() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3)).astype(np.uint8)
    preprocess = Preprocess.of_params({"image_shape": [6, 4], "image_mean": MEAN, "image_std": [0.2, 0.3, 0.4]})
    expected = ((pixels / 255 - np.array(MEAN)) / np.array([0.2, 0.3, 0.4])).transpose(0, 3, 1, 2)
    normalised = preprocess.normalise(pixels)
    assert normalised.dtype == np.float32
    assert normalised == pytest.approx(expected, abs=1e-5)


def test_image_shape_is_width_and_height(tmp_path: Path, image: Any) -> None:
    Image.fromarray(image).save(tmp_path / "i.png")
    preprocess = Preprocess.of_info({"image_shape": [20, 10], "mean": MEAN, "std": MEAN})
    assert preprocess.load(tmp_path / "i.png").shape == (10, 20, 3)


def test_every_kind_of_picture_is_read_as_colours(tmp_path: Path, image: Any) -> None:
    grey = image[..., 1]
    picture = Image.fromarray(image)
    kinds: dict[str, tuple[Image.Image, Any]] = {
        "rgb.png": (picture, image),
        "图 片.bmp": (picture, image),
        "rgba.png": (Image.fromarray(np.dstack([image, grey])), image),
        "grey.png": (Image.fromarray(grey), np.dstack([grey] * 3)),
        "grey-alpha.png": (Image.fromarray(grey).convert("LA"), np.dstack([grey] * 3)),
        "sixteen.png": (Image.fromarray(grey.astype(np.uint16) * 257), np.dstack([grey] * 3)),
        "two.png": (Image.fromarray(grey > 100), np.dstack([(grey > 100) * np.uint8(255)] * 3)),
    }
    for name, (kind, expected) in kinds.items():
        kind.save(tmp_path / name)
        read = read_image(tmp_path / name)
        assert read.dtype == np.uint8, name
        assert np.array_equal(read, expected), name


def test_palettes_are_resolved_with_and_without_transparency(tmp_path: Path) -> None:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50])
    for name, options in (("plain.png", {}), ("clear.png", {"transparency": bytes([0, 128])})):
        picture.save(tmp_path / name, **options)
        assert np.all(read_image(tmp_path / name) == [200, 100, 50]), name


def test_the_orientation_of_cameras_is_applied(tmp_path: Path, image: Any) -> None:
    picture = Image.fromarray(image)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png"), np.rot90(image, -1))


def test_printers_colours_are_read(tmp_path: Path, image: Any) -> None:
    Image.fromarray(image).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    assert read_image(tmp_path / "cmyk.jpg").shape == image.shape


@pytest.mark.parametrize("kind", ["text", "cut png", "cut jpg", "bomb", "missing", "folder", "empty"])
def test_what_cannot_be_read_is_named(tmp_path: Path, image: Any, kind: str) -> None:
    file = tmp_path / "猫" / ("i.jpg" if kind == "cut jpg" else "i.png")
    file.parent.mkdir()
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        Image.fromarray(image).save(file)
    if kind == "text":
        scramble(file)
    elif kind.startswith("cut"):
        truncate(file)
    elif kind == "bomb":
        bomb(file)
    elif kind == "empty":
        file.write_bytes(b"")
    with pytest.raises(JobFailed, match=f"猫/{file.name}") as caught:
        read_image(file)
    assert caught.value.reason == "unreadable_image"
