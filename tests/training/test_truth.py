"""What is true of test images, of all project types: told as the annotations have it, and drawn onto the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as rle

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample, read_mask
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.errors import UserError
from paddlex_restful.imaging.image import read_image, upright
from paddlex_restful.training.truth import read_with_truth
from tests.images import make_dataset, truncate

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")
WIDTH, HEIGHT = 120, 80


def sample_of(folder: Path, project_type: str, orientation: int | None = None) -> tuple[Sample, list[str]]:
    """The first image of a new dataset, as a camera may have stored it, and the names of the classes."""
    make_dataset(folder, project_type, size=(WIDTH, HEIGHT), suffix=".jpg")
    if orientation is not None:
        for file in folder.rglob("*.jpg"):
            with Image.open(file) as image:
                exif = image.getexif()
                exif[0x0112] = orientation
                image.save(file, exif=exif)
    rebuild(folder, project_type)
    datasets.split(folder, project_type, 0.2, 0.5)
    return datasets.samples(folder, project_type, "test")[0], datasets.labels(folder)


@pytest.mark.parametrize("orientation", [None, 6])
@pytest.mark.parametrize("project_type", TYPES)
def test_the_truth_is_told_and_drawn_as_people_see_the_image(
    tmp_path: Path, project_type: str, orientation: int | None
) -> None:
    sample, labels = sample_of(tmp_path / "图", project_type, orientation)
    pixels, truth = read_with_truth(sample, project_type, labels)
    assert truth is not None
    assert np.array_equal(pixels, read_image(sample.image))
    height, width = pixels.shape[:2]
    assert (width, height) == ((WIDTH, HEIGHT) if orientation is None else (HEIGHT, WIDTH))
    told: Any = truth.told.get("truth", [])
    if project_type == "classification":
        assert truth.told == {"label": labels[int(str(sample.label))]}
    elif project_type == "segmentation":
        assert isinstance(sample.label, Path)
        mask = upright(read_mask(sample.label), orientation or 1)
        assert {one["category_id"] for one in told} == {int(index) for index in np.unique(mask) if index < 255}
        for one in told:
            assert one["category"] == labels[one["category_id"]]
            assert np.array_equal(rle.decode(one["segmentation"]).astype(bool), mask == one["category_id"])
    else:
        assert isinstance(sample.label, list)
        assert [one["category_id"] for one in told] == [one["category"] for one in sample.label]
        for one in told:
            x, y, w, h = one["bbox"]
            assert x >= 0 and y >= 0 and w > 1 and h > 1 and x + w <= width and y + h <= height
            assert one["crowd"] is False
            assert ("segmentation" in one) == (project_type == "instance_segmentation")
            if "segmentation" in one:
                rows, columns = np.nonzero(rle.decode(one["segmentation"]))
                assert abs(columns.min() - x) <= 2 and abs(rows.max() + 1 - (y + h)) <= 2
    for size in (pixels.shape[1::-1], (300, 260)):
        plain = np.asarray(Image.fromarray(pixels).resize(size))
        drawn = np.asarray(truth.draw(Image.fromarray(plain)))[: len(plain)]
        changed = (np.abs(drawn.astype(int) - plain) > 12).any(axis=2)
        assert 0.002 < changed.mean() < 0.7


@pytest.mark.parametrize("project_type", TYPES)
def test_an_image_whose_annotation_is_gone_is_read_without(tmp_path: Path, project_type: str) -> None:
    sample, labels = sample_of(tmp_path, project_type)
    if project_type == "segmentation":
        assert isinstance(sample.label, Path)
        sample.label.unlink()
        pixels, truth = read_with_truth(sample, project_type, labels)
        assert truth is None
        assert np.array_equal(pixels, read_image(sample.image))
    truncate(sample.image)
    with pytest.raises(UserError, match=sample.image.name):
        read_with_truth(sample, project_type, labels)


def test_pixels_with_numbers_that_are_no_class_are_not_told(tmp_path: Path) -> None:
    sample, labels = sample_of(tmp_path, "segmentation")
    assert isinstance(sample.label, Path)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:10], mask[10:20], mask[20:30] = 1, 255, 77
    Image.fromarray(mask).save(sample.label)
    truth = read_with_truth(sample, "segmentation", labels)[1]
    assert truth is not None
    assert [(one["category_id"], one["share"]) for one in truth.told["truth"]] == [(0, 0.625), (1, 0.125)]
