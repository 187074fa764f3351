"""What a net sees of a segmentation dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.imaging.recipes import Recipe
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training.parallel import World
from paddlex_restful.training.segmentation.data import Batch, LabelledImages, load
from tests.training.segmentation.conftest import LABELS, SIZE, small_params

HEIGHT, WIDTH = SIZE
PREPROCESS = Preprocess(WIDTH, HEIGHT, (0.5,) * 3, (0.5,) * 3)
EVERYTHING = {
    "rotate": True,
    "scale_aspect": True,
    "blur": True,
    "blur_prob": 0.5,
    "vertical_flip": True,
    "brightness": True,
    "hue": True,
}


def images_of(workspace: Path, budget: int = 1 << 30) -> LabelledImages:
    samples = datasets.samples(workspace / "datasets/D0001", "segmentation", "train")
    return LabelledImages(samples, PREPROCESS, len(LABELS), budget, lambda done, total: None)


def epoch(images: LabelledImages, number: int, seed: int = 0, **changes: Any) -> list[Batch]:
    recipe = Recipe("segmentation", small_params(**(EVERYTHING | changes)))
    return [batch for batch, _ in images.epoch(number, seed, 4, recipe, World())]


def test_batches_have_the_shape_of_the_nets_input(workspace: Path) -> None:
    images = images_of(workspace)
    assert len(images) == 6
    batches = epoch(images, 1)
    assert [pixels.shape for pixels, _ in batches] == [(3, 3, HEIGHT, WIDTH)] * 2
    assert [truth.shape for _, truth in batches] == [(3, HEIGHT, WIDTH)] * 2
    for pixels, truth in (*batches, *images.batches(4)):
        assert (pixels.dtype, truth.dtype) == (np.float32, np.int64)
        assert -1 <= pixels.min() < pixels.max() <= 1
        assert set(np.unique(truth)) <= {0, 1, 2, 3, 255}


def test_an_epoch_follows_from_seed_and_number_alone(workspace: Path) -> None:
    images, not_kept = images_of(workspace), images_of(workspace, budget=0)
    first = epoch(images, 1)
    epoch(images, 2)
    for one, other in zip(first, epoch(not_kept, 1), strict=True):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])
    assert not np.array_equal(first[0][0], epoch(images, 2)[0][0])
    assert not np.array_equal(first[0][0], epoch(images, 1, seed=1)[0][0])


def test_changes_move_image_and_truth_together(workspace: Path) -> None:
    images = images_of(workspace)
    calm = {name: False for name in EVERYTHING if name in ("brightness", "hue", "blur")}
    for pixels, truth in epoch(images, 1, **calm):
        # The squares are drawn in one green, which little else has; where the truth says square there is green.
        green = (pixels[:, 1] - (pixels[:, 0] + pixels[:, 2]) / 2) > 0.4
        square = truth == 2
        coloured = green.any(axis=(1, 2))
        assert (green & square)[coloured].sum() > 0.7 * (green | square)[coloured].sum() > 0


@pytest.mark.parametrize("name", ["0000.png", "0001.png", "0002.png", "0003.png", "0004.jpg", "图像 五.bmp"])
def test_every_kind_of_file_is_read_with_its_truth(workspace: Path, name: str) -> None:
    sample = datasets.find_sample(workspace / "datasets/D0001", "segmentation", Path(name).stem)
    assert sample is not None
    example = load(sample, len(LABELS))
    assert example.image.shape[2] == 3
    assert example.mask is not None
    assert example.mask.shape == example.image.shape[:2]
    turned = name == "0004.jpg"
    assert (example.width, example.height) == ((60, 80) if turned else (80, 60))
    assert set(np.unique(example.mask)) > {0, 255}
    # What is not background is unlike the grey noise around it, in the turned picture as well.
    drawn = (example.mask > 0) & (example.mask < 255)
    spread = example.image.astype(int)
    deviation = np.abs(spread - 125).max(axis=2)
    assert deviation[drawn].mean() > 1.2 * deviation[example.mask == 0].mean()


def test_a_class_id_beyond_the_classes_is_told_with_its_file(workspace: Path) -> None:
    folder = workspace / "datasets/D0001"
    mask = np.asarray(Image.open(folder / "Annotations/0007.png")).copy()
    mask[30, 40] = 9
    Image.fromarray(mask).save(folder / "Annotations/0007.png")
    sample = datasets.find_sample(folder, "segmentation", "0007")
    assert sample is not None
    expected = (
        r"Annotations/0007\.png has a pixel with the class id 9, but the dataset has 4 classes with ids from 0 to 3"
    )
    with pytest.raises(JobFailed, match=expected):
        load(sample, len(LABELS))
