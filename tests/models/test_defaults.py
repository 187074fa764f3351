"""The default parameters train a default model even on the smallest datasets."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.params import check_params
from paddlex_restful.training import train
from tests.images import make_dataset
from tests.training.conftest import metrics_of
from tests.training.trained import job

SHAPES = {
    "classification": [32, 32],
    "detection": [96, 96],
    "segmentation": [64, 64],
    "instance_segmentation": [64, 96],
}


@pytest.mark.parametrize("type", SHAPES)
def test_two_images_a_class_are_enough_for_the_default_parameters(type: str, tmp_path: Path) -> None:
    options = {"per_class": 2} if type == "classification" else {"count": 4, "objects": 1}
    folder = make_dataset(tmp_path / "datasets/D0001", type, size=64, classes=("circle", "square"), **options)
    rebuild(folder, type)
    datasets.split(folder, type, 0.25, 0)
    params = check_params(type, {"image_shape": SHAPES[type], "num_epochs": 1, "pretrain_weights": None})
    assert params["batch_size"] > len(datasets.samples(folder, type, "train"))
    given = {"dataset": "datasets/D0001", "output": "output", "resume_epoch": None, "weights": None}
    context = job(tmp_path, "train", type=type, params=params, **given)
    result = train.run(context)
    assert result is not None
    assert (result["epoch"], result["best_epoch"]) == (1, 1)
    [line] = metrics_of(context)
    assert line["Step"] == 1
    assert math.isfinite(line["loss"])
    assert (tmp_path / "output/best_model/model.pdparams").is_file()
