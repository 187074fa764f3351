"""A workspace with a small dataset and a really trained classifier, made once for all tests that use one."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path
from typing import Any

from paddlex_restful import datasets
from paddlex_restful.datasets import importing
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.params import default_params
from paddlex_restful.training import train
from tests.images import make_classification

LABELS = ["square", "the triangle", "圆"]
SIZE = (40, 32)
"""Width and height: different, so that a swap shows."""


@functools.cache
def trained_workspace(base: Path) -> Path:
    """The workspace: ``datasets/D0001`` with all three splits and ``output/best_model``; tests only add to it.

    Args:
        base: pytest's folder of this run.
    """
    root = base / "trained workspace"
    root.mkdir()
    source = make_classification(base / "source of the trained workspace", 14, 40, LABELS)
    importing.run(
        job(root, "import", did="D0001", type="classification", source=str(source), target="datasets/D0001", link=False)
    )
    datasets.split(root / "datasets/D0001", "classification", 0.2, 0.2)
    params = default_params("classification", "PPLCNet") | {
        "image_shape": list(SIZE),
        "image_mean": [0.5, 0.45, 0.4],
        "image_std": [0.25, 0.2, 0.3],
        "num_epochs": 8,
        "save_interval_epochs": 4,
        "batch_size": 6,
        "learning_rate": 0.02,
        "lr_policy": "Cosine",
        "pretrain_weights": None,
        "rotate": False,
    }
    train.run(
        job(
            root,
            "train",
            type="classification",
            params=params,
            dataset="datasets/D0001",
            output="output",
            resume_epoch=None,
            weights=None,
        )
    )
    return root


def job(root: Path, kind: str, **args: Any) -> JobContext:
    """A job of this kind on an empty folder of its own."""
    folder = root / "job" / kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return JobContext(kind, "T0001", folder, root, args)
