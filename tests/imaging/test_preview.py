"""Pictures of training examples."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample, drawing
from paddlex_restful.imaging.preview import caption, draw_previews
from paddlex_restful.params import check_params
from tests.images import make_dataset

SWITCHES = ("brightness", "contrast", "saturation", "hue", "horizontal_flip", "vertical_flip", "rotate", "expand_image")


def samples_of(folder: Path, type: str, **options: Any) -> tuple[list[Sample], list[str]]:
    make_dataset(folder, type, **options)
    datasets.rebuild(folder, type)
    datasets.split(folder, type, 0.0, 0.0)
    return datasets.samples(folder, type, "train"), datasets.labels(folder)


def plain(type: str, shape: list[int], **changes: Any) -> dict[str, Any]:
    params = check_params(type, {"image_shape": shape})
    off = dict.fromkeys((*SWITCHES, "crop_image", "use_mixup", "random_shape"), False)
    return params | off | changes


def pictures(samples: list[Sample], type: str, params: dict[str, Any], labels: list[str], **more: Any) -> list[Any]:
    drawn = draw_previews(samples, type, params, labels, more.get("count", 4), more.get("seed", 0))
    return [np.asarray(Image.open(io.BytesIO(picture))).astype(int) for _, picture in drawn]


@pytest.mark.parametrize("type", ["detection", "instance_segmentation"])
def test_boxes_are_drawn_where_the_objects_are(tmp_path: Path, type: str) -> None:
    samples, labels = samples_of(tmp_path, type, count=4, size=(320, 416), objects=1)
    params = plain(type, [416, 320] if type == "detection" else [320, 416])
    drawn = list(draw_previews(samples, type, params, labels, 4, 0))
    by_path = {sample.image: sample for sample in samples}
    for path, picture in drawn:
        image = np.asarray(Image.open(io.BytesIO(picture)))
        assert image.shape == (416, 320, 3)
        label = by_path[path].label
        assert isinstance(label, list)
        x0, y0, x1, y1 = map(int, label[0]["bbox"])
        lines = [image[y1 - 1, x0:x1], image[y0:y1, x0], image[y0:y1, x1 - 1]]
        colour = drawing.colour(label[0]["category"])
        assert all((np.abs(line.astype(int) - colour).max(1) <= 1).mean() > 0.8 for line in lines)


def test_classes_are_tinted_and_named_below(tmp_path: Path) -> None:
    samples, labels = samples_of(tmp_path, "segmentation", count=4, size=(300, 240), objects=2)
    for picture in pictures(samples, "segmentation", plain("segmentation", [240, 300]), labels):
        assert picture.shape[1] == 300
        assert 240 + 2 * 12 < picture.shape[0] < 400


def test_objects_of_mixed_images_tell_how_much_they_count() -> None:
    assert caption("cat", 1.0) == "cat"
    assert caption("cat", float(np.float32(0.256))) == "cat 0.26"


def test_random_shapes_are_shown(tmp_path: Path) -> None:
    samples, labels = samples_of(tmp_path, "detection", count=4)
    params = plain("detection", [96, 96], random_shape=True, random_shape_sizes=[256, 320, 384])
    sizes = {
        picture.shape[:2] for seed in range(4) for picture in pictures(samples, "detection", params, labels, seed=seed)
    }
    assert sizes == {(256, 256), (320, 320), (384, 384)}
