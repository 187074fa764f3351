"""Labels as they come from a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from pycocotools import mask as coco_mask

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.example import Example, load_example
from paddlex_restful.jobs.context import JobFailed
from tests.images import make_dataset, scramble
from tests.imaging.painted import SIZE, check, filled, scene

WIDTH, HEIGHT = SIZE


def stored(folder: Path, orientation: int) -> Path:
    """The scene as a file with an orientation."""
    picture = Image.fromarray(scene().image)
    exif = picture.getexif()
    exif[ExifTags.Base.Orientation] = orientation
    picture.save(folder / "i.png", exif=exif)
    return folder / "i.png"


def items(*, iscrowd: tuple[int, ...] = (4,)) -> list[dict[str, Any]]:
    """The scene's objects as a dataset tells them."""
    example = scene()
    assert example.polygons is not None
    return [
        {
            "bbox": box.tolist(),
            "category": int(index),
            "iscrowd": int(index in iscrowd),
            "difficult": 0,
            "segmentation": [part.ravel().tolist() for part in parts],
        }
        for index, box, parts in zip(example.classes, example.boxes, example.polygons, strict=True)
    ]


def loaded(path: Path, objects: list[dict[str, Any]], type: str) -> Example:
    example = load_example(Sample(path, objects), type)
    example.weights = np.float32(0.2) * (example.classes + 1).astype(np.float32)
    return example


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("type", ["detection", "instance_segmentation"])
def test_objects_are_turned_with_their_image(tmp_path: Path, type: str, orientation: int) -> None:
    example = loaded(stored(tmp_path, orientation), items(), type)
    assert (example.width, example.height) == ((WIDTH, HEIGHT) if orientation < 5 else (HEIGHT, WIDTH))
    assert (example.polygons is not None) == (type == "instance_segmentation")
    assert len(example.boxes) == 5
    check(example, tolerance=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_masks_are_turned_with_their_image(tmp_path: Path, orientation: int) -> None:
    path = stored(tmp_path, orientation)
    mask = scene().mask
    assert mask is not None
    Image.fromarray(mask).save(tmp_path / "mask.png")
    example = load_example(Sample(path, tmp_path / "mask.png"), "segmentation")
    assert example.mask is not None
    # Classes and colours still fall together.
    for number in range(6):
        assert len(np.unique(example.image[example.mask == number], axis=0)) == 1
    assert example.boxes.shape == (0, 4)


def test_a_mask_that_was_drawn_on_the_turned_image_is_taken_as_it_is(tmp_path: Path) -> None:
    mask = np.rot90(scene().mask, -1)  # type: ignore[arg-type]
    Image.fromarray(np.ascontiguousarray(mask)).save(tmp_path / "mask.png")
    example = load_example(Sample(stored(tmp_path, 6), tmp_path / "mask.png"), "segmentation")
    assert example.mask is not None
    assert np.array_equal(example.mask, mask)
    assert example.image.shape[:2] == mask.shape


def test_palettes_and_sixteen_bits_are_class_ids(tmp_path: Path) -> None:
    path = stored(tmp_path, 1)
    mask = scene().mask
    assert mask is not None
    mask[0] = 255
    palette = Image.fromarray(mask).convert("P")
    palette.putdata(mask.ravel().tolist())
    palette.putpalette(list(range(256)) * 3)
    palette.save(tmp_path / "palette.png")
    Image.fromarray(mask.astype(np.uint16)).save(tmp_path / "sixteen.png")
    for name in ("palette.png", "sixteen.png"):
        read = load_example(Sample(path, tmp_path / name), "segmentation").mask
        assert read is not None
        assert read.dtype == np.uint8
        assert np.array_equal(read, mask)


def test_crowds_and_difficult_objects_are_marked(tmp_path: Path) -> None:
    objects = items(iscrowd=(1,))
    objects[3]["difficult"] = 1
    assert load_example(Sample(stored(tmp_path, 1), objects), "detection").crowd.tolist() == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_masks_of_pixels_become_outlines_and_those_of_crowds_none(tmp_path: Path) -> None:
    example = scene()
    objects = items()
    assert example.mask is not None
    for index in (3, 4):
        encoded = coco_mask.encode(np.asfortranarray((example.mask == index + 1).astype(np.uint8)))
        objects[index]["segmentation"] = {"size": encoded["size"], "counts": encoded["counts"].decode()}
    read = loaded(stored(tmp_path, 6), objects, "instance_segmentation")
    assert read.polygons is not None
    assert [len(parts) for parts in read.polygons] == [1, 1, 1, 2, 0]
    turned = np.rot90(example.mask == 4, -1)
    assert np.array_equal(filled(read.polygons[3], HEIGHT, WIDTH), turned)


def test_outlines_that_pass_the_edge_are_cut(tmp_path: Path) -> None:
    objects = items()[:1]
    objects[0] |= {"bbox": [0, 10, 60, 50], "segmentation": [[-0.8, 10, 60, 10, 60, 50, -0.8, 50]]}
    example = load_example(Sample(stored(tmp_path, 1), objects), "instance_segmentation")
    assert example.polygons is not None
    assert example.polygons[0][0].min() == 0
    assert example.boxes.tolist() == [[0, 10, 60, 50]]


@pytest.mark.parametrize("type", ["detection", "instance_segmentation", "segmentation", "classification"])
def test_imported_samples_are_read_backgrounds_too(tmp_path: Path, type: str) -> None:
    options: dict[str, Any] = {} if type == "classification" else {"backgrounds": 1, "count": 4}
    folder = make_dataset(tmp_path / "data", type, **options)
    datasets.rebuild(folder, type)
    datasets.split(folder, type, 0.0, 0.0)
    examples = [load_example(sample, type) for sample in datasets.samples(folder, type, "train")]
    assert len(examples) == (12 if type == "classification" else 4)
    for example in examples:
        assert example.image.shape[2] == 3
        assert (example.mask is not None) == (type == "segmentation")
        assert example.weights.tolist() == [1] * len(example.boxes)
    if type in ("detection", "instance_segmentation"):
        assert sorted(len(example.boxes) for example in examples) == [0, 2, 2, 2]


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = scramble(stored(tmp_path, 1))
    with pytest.raises(JobFailed, match=r"i\.png cannot be read"):
        load_example(Sample(path, []), "detection")


def test_an_annotation_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = stored(tmp_path, 1)
    (tmp_path / "mask.png").write_text("no picture")
    with pytest.raises(JobFailed, match=r"annotation .*mask\.png cannot be read: it is not"):
        load_example(Sample(path, tmp_path / "mask.png"), "segmentation")


def test_an_annotation_of_another_size_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, 1)
    Image.new("L", (HEIGHT, WIDTH)).save(tmp_path / "mask.png")
    with pytest.raises(JobFailed, match="120 x 200 pixels, but its image has 200 x 120"):
        load_example(Sample(path, tmp_path / "mask.png"), "segmentation")
