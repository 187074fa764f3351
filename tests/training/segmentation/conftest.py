"""A small segmentation dataset of all kinds of files, and a really trained net, made once for all tests."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.params import default_params
from paddlex_restful.training import train
from tests.images import make_segmentation

LABELS = ["background", "圆", "square", "triangle"]
SIZE = (48, 64)
"""Height and width of the net's input: different, so that a swap shows, and neither is that of the images."""


def make_mixed(folder: Path, count: int = 12) -> Path:
    """Images of 80 x 60 pixels in the forms in which people bring them; their annotations lie as the pixels do."""
    make_segmentation(folder, count, (80, 60), LABELS[1:], ignored=True, suffix=".png")
    images, annotations = folder / "JPEGImages", folder / "Annotations"
    opened = [Image.open(images / f"{number:04d}.png").convert("RGB") for number in range(6)]
    grey = np.asarray(opened[0].convert("L")).astype(np.uint16)
    Image.fromarray(grey * 257).save(images / "0000.png")
    opened[1].quantize(200).save(images / "0001.png")
    opened[2].convert("L").save(images / "0002.png")
    opened[3].convert("RGBA").save(images / "0003.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    (images / "0004.png").unlink()
    opened[4].save(images / "0004.jpg", exif=exif, quality=95)
    opened[5].save(images / "图像 五.bmp")
    (images / "0005.png").unlink()
    (annotations / "0005.png").rename(annotations / "图像 五.png")
    # Annotations too come in several forms: 16 bits, and grey without a palette.
    for number, kind in ((0, np.uint16), (1, np.uint8)):
        file = annotations / f"{number:04d}.png"
        Image.fromarray(np.asarray(Image.open(file)).astype(kind)).save(file)
    return folder


def small_params(**changes: Any) -> dict[str, Any]:
    """Parameters of a training that takes a few seconds."""
    small = {
        "image_shape": list(SIZE),
        "batch_size": 4,
        "num_epochs": 4,
        "save_interval_epochs": 2,
        "learning_rate": 0.05,
        "pretrain_weights": None,
    }
    return default_params("segmentation", changes.get("model", "FastSCNN")) | small | changes


def job(root: Path, kind: str, **args: Any) -> JobContext:
    """A job of this kind on an empty folder of its own."""
    folder = root / "job" / kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return JobContext(kind, "T0001", folder, root, {"type": "segmentation", **args})


def training_job(root: Path, changes: dict[str, Any] | None = None, **args: Any) -> JobContext:
    """A job ``train`` whose parameters and arguments differ as told."""
    standard = {"dataset": "datasets/D0001", "output": "output", "resume_epoch": None, "weights": None}
    return job(root, "train", params=small_params(**(changes or {})), **(standard | args))


def imported(root: Path, val: float = 0.25, test: float = 0.25, count: int = 12) -> Path:
    """A workspace's folder with the mixed dataset, split."""
    folder = make_mixed(root / "datasets" / "D0001", count)
    rebuild(folder, "segmentation")
    datasets.split(folder, "segmentation", val, test)
    return root


@functools.cache
def _trained(base: Path) -> Path:
    root = base / "trained segmentation"
    root.mkdir()
    imported(root)
    train.run(training_job(root, {"num_epochs": 30, "save_interval_epochs": 15, "horizontal_flip": False}))
    return root


@pytest.fixture
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with ``datasets/D0001`` in three splits and ``output/best_model``; tests only add to it."""
    return _trained(tmp_path_factory.getbasetemp())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace of the test's own with the mixed dataset."""
    return imported(tmp_path)
