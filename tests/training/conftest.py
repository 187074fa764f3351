"""A small real dataset, split, and contexts of training jobs on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.params import default_params
from tests.images import make_classification

Run = Callable[..., JobContext]


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 32 x 32 pixels: 27 images for training, 6 for validation, 3 for tests."""
    folder = make_classification(tmp_path_factory.mktemp("dataset") / "D0001", per_class=12, size=32)
    rebuild(folder, "classification")
    datasets.split(folder, "classification", 0.17, 0.08)
    return folder


@pytest.fixture
def workspace(tmp_path: Path, small_dataset: Path) -> Path:
    """A workspace's folder that holds the dataset."""
    shutil.copytree(small_dataset, tmp_path / "datasets" / "D0001")
    return tmp_path


def small_params(**changes: Any) -> dict[str, Any]:
    """Parameters of a training that takes a second."""
    small = {
        "image_shape": [32, 32],
        "batch_size": 8,
        "num_epochs": 4,
        "save_interval_epochs": 2,
        "learning_rate": 0.02,
        "lr_decay_epochs": [2, 3],
        "pretrain_weights": None,
    }
    return default_params("classification", "MobileNetV3_small") | small | changes


@pytest.fixture
def make_context(workspace: Path) -> Run:
    """Makes the context of a job ``train`` whose parameters and arguments differ as told."""

    def make(changes: dict[str, Any] | None = None, gpus: tuple[int, ...] = (), **args: Any) -> JobContext:
        folder = workspace / "projects/P0001/T0001/job/train"
        folder.mkdir(parents=True, exist_ok=True)
        standard = {
            "type": "classification",
            "params": small_params(**(changes or {})),
            "dataset": "datasets/D0001",
            "output": "projects/P0001/T0001/output",
            "resume_epoch": None,
            "weights": None,
        }
        return JobContext("train", "T0001", folder, workspace, standard | args, gpus)

    return make


def progress_of(context: JobContext) -> dict[str, Any]:
    """What the job's progress file says at its end."""
    context.flush_progress()
    content = orjson.loads((context.folder / "progress.json").read_bytes())
    assert isinstance(content, dict)
    return content


def metrics_of(context: JobContext, kind: str = "train") -> list[dict[str, Any]]:
    """The lines of the training's ``metrics.jsonl``."""
    lines = (context.path(context.args["output"]) / "metrics.jsonl").read_bytes().splitlines()
    return [line for line in map(orjson.loads, lines) if line["kind"] == kind]
