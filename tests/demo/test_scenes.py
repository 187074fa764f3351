"""The scenes of handwritten digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets import importing
from paddlex_restful.datasets.instance_segmentation import object_mask
from paddlex_restful.demo import scenes
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext

TYPES = ("detection", "segmentation", "instance_segmentation")


@pytest.mark.parametrize("type", TYPES)
def test_the_same_call_writes_the_same_bytes_and_another_seed_others(tmp_path: Path, type: str) -> None:
    contents = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        scenes.write_scenes(tmp_path / name, type, 10, 64, seed)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        contents.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


@pytest.mark.parametrize("type", TYPES)
def test_scenes_import_as_a_split_dataset(tmp_path: Path, type: str) -> None:
    digits = scenes.write_scenes(tmp_path / "scenes", type, 20, 64)
    dataset = tmp_path / "workspace" / "D0001"
    (dataset / "job" / "import").mkdir(parents=True)
    args = {"did": "D0001", "type": type, "source": str(tmp_path / "scenes"), "target": "D0001", "link": False}
    importing.run(JobContext("import", "D0001", dataset / "job" / "import", dataset.parent, args))
    labels = datasets.labels(dataset)
    assert labels[-10:] == list(scenes.LABELS)
    parts = {split: datasets.samples(dataset, type, split) for split in ("train", "val", "test")}
    assert {split: len(samples) for split, samples in parts.items()} == {"train": 14, "val": 2, "test": 4}
    if type != "segmentation":
        objects = [sample.label for part in parts.values() for sample in part]
        assert sum(len(found) for found in objects if isinstance(found, list)) == digits


def test_boxes_masks_and_polygons_are_of_the_painted_pixels() -> None:
    photograph = np.full((100, 100, 3), 128, np.uint8)
    square = np.zeros((8, 8), np.float32)
    square[1:7, 2:6] = 1
    scene = scenes.make_scene(np.random.default_rng(3), [photograph], [(7, square)], 96)
    changed = (scene.image != 128).any(axis=2)
    together = np.zeros_like(changed)
    assert len(scene.objects) >= 3
    for placed in scene.objects:
        assert not (together & placed.mask).any()
        together |= placed.mask
        x0, y0, x1, y1 = placed.box
        assert placed.mask[y0:y1, x0:x1].any(axis=0).all() and placed.mask[y0:y1, x0:x1].any(axis=1).all()
        assert placed.mask.sum() == placed.mask[y0:y1, x0:x1].sum()
        drawn = object_mask({"segmentation": placed.polygons()}, (96, 96))
        assert (drawn & placed.mask).sum() / (drawn | placed.mask).sum() > 0.85
    assert changed[together].all()


def test_size_and_number_of_digits_are_those_asked_for() -> None:
    photograph = np.full((100, 100, 3), 128, np.uint8)
    square = np.ones((8, 8), np.float32)
    random = np.random.default_rng(3)
    scene = scenes.make_scene(random, [photograph], [(7, square)], 128, heights=(0.1, 0.1), digits=(20, 20))
    assert len(scene.objects) == 20
    assert {y1 - y0 for _x0, y0, _x1, y1 in (placed.box for placed in scene.objects)} == {13}


def test_the_splits_share_no_handwriting() -> None:
    handwriting = scenes._handwriting()
    assert {split: len(digits) for split, digits in handwriting.items()} == {"train": 1260, "val": 179, "test": 358}


@pytest.mark.parametrize(
    ("type", "count", "side"), [("classification", 10, 64), ("detection", 9, 64), ("detection", 10, 63)]
)
def test_impossible_arguments_are_refused_and_nothing_is_written(
    tmp_path: Path, type: str, count: int, side: int
) -> None:
    with pytest.raises(UserError):
        scenes.write_scenes(tmp_path / "scenes", type, count, side)
    assert not (tmp_path / "scenes").exists()


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="holds files"):
        scenes.write_scenes(tmp_path, "detection", 10, 64)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
