"""Orientations of cameras. Kinds of images and damages are tested with the classifier's transforms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from paddlex_restful.imaging.image import read_image, read_stored, upright, upright_matrix


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 11, 3), dtype=np.uint8)


def saved(path: Path, pixels: np.ndarray, orientation: int) -> Path:
    picture = Image.fromarray(pixels)
    exif = picture.getexif()
    exif[ExifTags.Base.Orientation] = orientation
    picture.save(path, exif=exif)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_read_as_pillow_turns_them(tmp_path: Path, pixels: np.ndarray, orientation: int) -> None:
    path = saved(tmp_path / "i.png", pixels, orientation)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(read_image(path), expected)
    stored, read = read_stored(path)
    assert np.array_equal(stored, pixels)
    assert read == orientation


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_none(tmp_path: Path, pixels: np.ndarray, orientation: int) -> None:
    assert np.array_equal(read_image(saved(tmp_path / "i.png", pixels, orientation)), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_points_go_where_their_pixels_go(orientation: int) -> None:
    height, width = 7, 11
    marked = np.zeros((height, width), np.uint8)
    marked[2, 4] = 1
    (row,), (column,) = np.nonzero(upright(marked, orientation))
    matrix = upright_matrix(orientation, width, height)
    assert (matrix @ [4.5, 2.5, 1]).tolist() == [column + 0.5, row + 0.5]
