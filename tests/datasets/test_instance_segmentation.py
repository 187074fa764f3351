from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from paddlex_restful import datasets
from paddlex_restful.datasets.instance_segmentation import object_mask
from paddlex_restful.datasets.rle import rle_is_valid, rle_mask
from tests import images
from tests.datasets.conftest import Import, Refusal

TYPE = "instance_segmentation"


@pytest.fixture
def edit(source: Path) -> Callable[[Callable[[dict[str, Any]], object]], None]:
    """Makes a dataset of 4 images of 96 x 64 and changes its annotations."""

    def run(change: Callable[[dict[str, Any]], object]) -> None:
        images.make_instance_segmentation(source, 4)
        path = source / "annotations.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        images.write_json(path, content)

    return run


def test_categories_are_ordered_by_id_and_background_is_allowed(source: Path, imported: Import) -> None:
    images.make_instance_segmentation(source, 5, classes=["猫", "a dog"], backgrounds=1)
    details = datasets.details(imported(TYPE, source))
    assert details is not None
    assert details["labels"] == ["猫", "a dog"]
    assert details["file_info"]["JPEGImages/0004.jpg"] == "annotations.json"
    assert details["label_info"]["猫"] == [f"JPEGImages/000{number}.jpg" for number in range(4)]


def test_polygons_of_several_parts_and_crowds_are_kept(source: Path, imported: Import, edit: Any) -> None:
    crowd = np.zeros((64, 96), np.uint8)
    crowd[10:20, 30:50] = 1
    compressed = coco_mask.encode(np.asfortranarray(crowd))

    def change(content: dict[str, Any]) -> None:
        first, second, third = content["annotations"][:3]
        first["segmentation"] = [[0, 0, 10, 0, 10, 10], [20, 20, 30, 20, 30, 30, 20, 30]]
        second |= {"iscrowd": 1, "segmentation": {"size": [64, 96], "counts": compressed["counts"].decode()}}
        runs = [0, *np.diff(np.flatnonzero(np.diff(crowd.ravel(order="F"), prepend=2, append=2))).tolist()][1:]
        third |= {"iscrowd": 1, "segmentation": {"size": [64, 96], "counts": runs}}

    edit(change)
    folder = imported(TYPE, source)
    datasets.split(folder, TYPE, 0, 0)
    by_name = {sample.image.name: sample.label for sample in datasets.samples(folder, TYPE, "train")}
    first, second = by_name["0000.jpg"]  # type: ignore[misc]
    third = by_name["0001.jpg"][0]  # type: ignore[index]
    assert object_mask(first, (96, 64)).sum() == pytest.approx(66 + 121, abs=3)
    assert second["iscrowd"] == 1
    assert np.array_equal(object_mask(second, (96, 64)), crowd == 1)
    assert np.array_equal(object_mask(third, (96, 64)), crowd == 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c["images"].pop(), "annotation 7 belongs to the image id 4"),
        (
            lambda c: (c["images"].pop(), c["annotations"].__delitem__(slice(6, 8))),
            "0003.jpg: annotations.json does not",
        ),
        (lambda c: c["images"][0].update(width=64, height=96), "declares 64 x 96 pixels, but the image has 96 x 64"),
        (
            lambda c: c["images"][0].update(file_name="gone.jpg"),
            "JPEGImages/gone.jpg: annotations.json names this image",
        ),
        (lambda c: c["images"][0].update(file_name="0001.jpg"), "images names 0001.jpg (id 2) more than once"),
        (lambda c: c["annotations"][0].update(category_id=9), "object 1 has the category 9, which annotations.json"),
        (
            lambda c: c["annotations"][0].update(bbox=[90, 0, 20, 5]),
            "object 1 (90, 0, 110, 5) reaches outside the image",
        ),
        (lambda c: c["annotations"][0].update(bbox=[9, 9, 0, 5]), "object 1 (9, 9, 9, 14) has no area"),
        (lambda c: c["annotations"][0].update(bbox=[1, 2, 3]), "object 1 has no bbox of four numbers"),
        (lambda c: c["annotations"][0].update(segmentation=[]), "the segmentation of object 1 is neither"),
        (lambda c: c["annotations"][0].update(segmentation=[[1, 2, 3, 4]]), "the segmentation of object 1 is neither"),
        (
            lambda c: c["annotations"][0].update(segmentation=[[0, 0, 99, 0, 9, 9]]),
            "a polygon of object 1 reaches outside",
        ),
        (
            lambda c: c["annotations"][0].update(segmentation={"size": [64, 96], "counts": [5, 5]}),
            "the segmentation of object 1 is neither",
        ),
        (lambda c: c["categories"].append({"id": 9, "name": "circle"}), "categories names circle more than once"),
        (lambda c: c.update(categories={}), "categories must be a list of objects"),
        (lambda c: c.update(annotations=[1]), "annotations must be a list of objects"),
        (lambda c: c.update(annotations=[]), "no annotation has a single object"),
    ],
)
def test_each_fault_is_told(source: Path, refusal: Refusal, edit: Any, change: Any, expected: str) -> None:
    edit(change)
    assert expected in refusal(TYPE, source)


def test_a_missing_or_broken_annotation_file_is_told(source: Path, refusal: Refusal) -> None:
    images.make_instance_segmentation(source, 2)
    images.truncate(source / "annotations.json")
    assert "annotations.json: it is not valid JSON" in refusal(TYPE, source)
    (source / "annotations.json").unlink()
    assert "annotations.json: the file is missing" in refusal(TYPE, source)


def test_paths_that_climb_out_or_nest_without_end_name_no_image(source: Path, refusal: Refusal, edit: Any) -> None:
    def change(content: dict[str, Any]) -> None:
        content["images"][0]["file_name"] = "../../../../etc/passwd"
        content["images"][1]["file_name"] = "a/" * 5000 + "b.jpg"

    edit(change)
    assert "the file is missing" in refusal(TYPE, source)


def test_train_and_val_json_make_a_ready_split_and_one_file_of_both(source: Path, imported: Import, edit: Any) -> None:
    edit(lambda content: None)
    path = source / "annotations.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, numbers in (("train", (1, 2, 3)), ("val", (4,))):
        # Converters count the ids of each file from 1, and the category ids need not be the same.
        shift = 0 if name == "train" else 10
        part = {
            "images": [
                image | {"id": image["id"] - numbers[0] + 1} for image in content["images"] if image["id"] in numbers
            ],
            "annotations": [
                one | {"image_id": one["image_id"] - numbers[0] + 1, "category_id": one["category_id"] + shift}
                for one in content["annotations"]
                if one["image_id"] in numbers
            ],
            "categories": [category | {"id": category["id"] + shift} for category in content["categories"]],
        }
        images.write_json(source / f"{name}.json", part)
    path.unlink()
    folder = imported(TYPE, source)
    details = datasets.details(folder)
    assert details is not None
    assert details["train_files"] == [f"JPEGImages/000{number}.jpg" for number in range(3)]
    assert details["val_files"] == ["JPEGImages/0003.jpg"]
    whole = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    assert [one["bbox"] for one in whole["annotations"]] == [one["bbox"] for one in content["annotations"]]
    assert [one["category_id"] for one in whole["annotations"]] == [
        one["category_id"] for one in content["annotations"]
    ]
    assert datasets.split(folder, TYPE, 0.5, 0.25) == {"train": 1, "val": 2, "test": 1}
    assert len(json.loads((folder / "val.json").read_text(encoding="utf-8"))["images"]) == 2


@pytest.mark.parametrize("seed", range(5))
def test_compressed_masks_are_read_as_the_coco_api_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = (rng.random((31, 47)) < (0.5, 0.02, 0.98, 0.0, 1.0)[seed]).astype(np.uint8)
    encoded = coco_mask.encode(np.asfortranarray(mask))
    rle = {"size": [31, 47], "counts": encoded["counts"].decode()}
    assert rle_is_valid(rle, (47, 31))
    assert np.array_equal(rle_mask(rle), mask == 1)


@pytest.mark.parametrize("counts", ["", "o" * 50, "\x7f", [2**70, -(2**70)], [-1, 1458], None, 3, [True], "0000P"])
def test_hostile_masks_are_no_masks(counts: object) -> None:
    assert not rle_is_valid({"size": [31, 47], "counts": counts}, (47, 31))
