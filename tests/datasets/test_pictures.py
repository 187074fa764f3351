"""Pictures of images in the size in which a page shows them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlex_restful.datasets import drawing, pictures
from paddlex_restful.datasets.pictures import Labels
from paddlex_restful.errors import UserError
from tests import images
from tests.datasets.conftest import Import

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "WEBP"
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("type", TYPES[1:])
def test_labels_of_a_reduced_picture_lie_where_those_of_the_image_do(source: Path, imported: Import, type: str) -> None:
    folder = imported(type, images.make_dataset(source, type, size=(800, 600), objects=1))
    name = pictures.first_image(folder)
    plain, drawn = (
        pixels(pictures.picture(folder, type, name, 200, labels)) for labels in (Labels.NONE, Labels.SHAPES)
    )
    assert plain.shape == drawn.shape == (150, 200, 3)
    whole, labelled = (pixels(pictures.picture(folder, type, name, 800, one)) for one in (Labels.NONE, Labels.SHAPES))
    extents = []
    for before, after, scale in ((plain, drawn, 4), (whole, labelled, 1)):
        rows, columns = np.nonzero((np.abs(after - before) > 60).any(axis=2))
        extents.append([side * scale for side in (columns.min(), rows.min(), columns.max(), rows.max())])
    assert extents[0] == pytest.approx(extents[1], abs=10)


def test_a_small_image_is_enlarged_for_names_alone(source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_dataset(source, "classification"))
    name = pictures.first_image(folder)
    for labels in (Labels.NONE, Labels.SHAPES):
        assert pixels(pictures.picture(folder, "classification", name, 240, labels)).shape == (32, 32, 3)
    named = pixels(pictures.picture(folder, "classification", name, 1024, Labels.NAMES))
    assert named.shape == (512, 512, 3)
    assert (np.abs(named[5, 5] - np.array(drawing.colour(0))) < 40).all()


def test_ids_of_a_resized_mask_are_those_of_the_mask() -> None:
    mask = np.zeros((8, 6), np.uint8)
    mask[4:, 3:] = 7
    small = drawing.resized(mask, (3, 4))
    assert small.shape == (4, 3)
    assert small.tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 7], [0, 0, 7]]
    assert drawing.resized(mask, (6, 8)) is mask


def test_images_that_changed_after_the_import_are_refused(source: Path, imported: Import, tmp_path: Path) -> None:
    folder = imported("detection", images.make_dataset(source, "detection"))
    outside = tmp_path / "outside.jpg"
    (folder / "JPEGImages/0000.jpg").rename(outside)
    (folder / "JPEGImages/0000.jpg").symlink_to(outside)
    images.bomb(folder / "JPEGImages/0001.jpg")
    images.scramble(folder / "JPEGImages/0002.jpg")
    (folder / "Annotations/0003.xml").write_text("<broken")
    for number, reason in enumerate(("outside the dataset", "pixels", "damaged|not a PNG", "XML")):
        with pytest.raises(UserError, match=reason):
            pictures.picture(folder, "detection", f"JPEGImages/000{number}.jpg", 240, Labels.SHAPES)


def test_the_tag_follows_the_image_and_its_annotation(source: Path, imported: Import) -> None:
    folder = imported("detection", images.make_dataset(source, "detection"))
    name = "JPEGImages/0000.jpg"
    first = pictures.tag(folder, name)
    assert pictures.tag(folder, name) == first != pictures.tag(folder, "JPEGImages/0001.jpg")
    (folder / "Annotations/0000.xml").write_text("<annotation/>")
    second = pictures.tag(folder, name)
    assert second != first
    (folder / name).unlink()
    with pytest.raises(UserError, match="can no longer be drawn"):
        pictures.tag(folder, name)
