"""Every model that a task can name, on each of its backbones, trains, evaluates, is exported and predicts.

All of them take half an hour (``make test-models``), so that each day has another part of them. The id of a
test says with which ``MODELS`` in the environment its part is run on any day; ``MODELS=all`` runs everything.
"""

from __future__ import annotations

import datetime
import json
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.params import check_params, input_size, models
from paddlex_restful.params.pruning import pruning_obstacle
from paddlex_restful.params.zoo import backbones
from paddlex_restful.training import evaluate, export, predict, train
from tests.images import make_dataset
from tests.training.conftest import metrics_of, progress_of
from tests.training.trained import job

PARTS = 12
EPOCHS = 20
TYPES = ("classification", "detection", "segmentation", "instance_segmentation")
CLASSES = ("circle", "square")


class Case(NamedTuple):
    """A net."""

    type: str
    model: str
    backbone: str | None


CASES = [Case(type, model, backbone) for type in TYPES for model in models(type) for backbone in backbones(type, model)]


def day() -> datetime.date:
    """On which this run of the tests began: all its processes must choose the same, also at midnight."""
    first = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    return datetime.date.fromtimestamp(psutil.Process(first).create_time())


def chosen() -> list[Any]:
    """The nets of the day's part, or of the one that the environment asks for."""
    asked = os.environ.get("MODELS") or str(day().timetuple().tm_yday % PARTS)
    named = [
        pytest.param(case, id=f"MODELS={number % PARTS}-{'-'.join(filter(None, case[1:]))}")
        for number, case in enumerate(CASES)
    ]
    return named if asked == "all" else named[int(asked) :: PARTS]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a dataset of each type: four images to train with, two to evaluate."""
    root = tmp_path_factory.mktemp("models")
    for type in TYPES:
        options = {"per_class": 3} if type == "classification" else {"count": 6}
        make_dataset(root / "datasets" / type, type, size=64, classes=CLASSES, **options)
        rebuild(root / "datasets" / type, type)
        datasets.split(root / "datasets" / type, type, 0.34, 0)
    return root


def params_of(case: Case) -> dict[str, Any]:
    """Two steps at the smallest size that makes sense: with less, the coarsest maps have nothing to normalise by."""
    shape = [max(64, input_size(case.model).least)] * 2
    if case.model.endswith("RCNN"):
        shape = [64, 96]
    small = {
        "model": case.model,
        "image_shape": shape,
        "batch_size": 2,
        "num_epochs": 1,
        "save_interval_epochs": 1,
        "learning_rate": 0.0001,
        "pretrain_weights": None,
    }
    if case.backbone is not None:
        small["backbone"] = case.backbone
    if case.type in ("detection", "instance_segmentation"):
        # After two steps they say the same of each place, and rounding decides what a net and its export find first.
        longer = {"num_epochs": EPOCHS, "save_interval_epochs": EPOCHS, "lr_decay_epochs": [EPOCHS]}
        small |= longer | {"learning_rate": 0.001, "warmup_steps": 1, "random_shape_sizes": [64]}
    return check_params(case.type, small)


@pytest.mark.models
@pytest.mark.parametrize("case", chosen())
def test_a_model_trains_evaluates_is_exported_pruned_and_predicts(case: Case, root: Path, tmp_path: Path) -> None:
    dataset = f"datasets/{case.type}"
    output = str(tmp_path / "output")
    model = f"{output}/best_model"
    given = {"type": case.type, "dataset": dataset, "model": model}

    training = job(
        root,
        "train",
        type=case.type,
        params=params_of(case),
        dataset=dataset,
        output=output,
        resume_epoch=None,
        weights=None,
    )
    result = train.run(training)
    assert result is not None
    assert result["best_epoch"] == training.args["params"]["num_epochs"]
    assert progress_of(training)["step"] == 2 * result["epoch"]
    assert all(math.isfinite(line["loss"]) for line in metrics_of(training))

    thresholds = {"topk": 5, "score_thresh": 0.01, "overlap_thresh": 0.5}
    evaluate.run(job(root, "evaluate", **given, epoch=None, output=str(tmp_path / "evaluate"), **thresholds))
    evaluated = json.loads((tmp_path / "evaluate/result.json").read_bytes())
    assert set(CLASSES) <= set(evaluated["label_list"])

    exported = export.run(job(root, "export", **given, save_dir=str(tmp_path / "exported"), format="infer"))
    assert exported is not None
    assert math.isfinite(exported["difference"])
    assert {"inference.json", "inference.pdiparams"} <= {file.name for file in (tmp_path / "exported").iterdir()}

    if pruning_obstacle(case.model) is None:
        goal = {"model": model, "sensitivities": None, "pruned_flops": 0.3, "eval_metric_loss": None}
        given["model"] = f"{tmp_path}/pruned/best_model"
        child = training.args | {"output": str(tmp_path / "pruned"), "pruning": goal}
        told = train.run(job(root, "train", **child))
        assert told is not None
        flops = told["pruning"]["flops"]
        assert 1 - flops["after"] / flops["before"] == pytest.approx(0.3, rel=0.02)

    image = datasets.samples(root / dataset, case.type, "val")[0].image
    asked = {"images": [str(image)], "single": False, "score_thresh": 0.0, "output": str(tmp_path / "predict")}
    predict.run(job(root, "predict", **(given | {"dataset": None} | asked)))
    [told] = json.loads((tmp_path / "predict/result.json").read_bytes())
    assert "error" not in told
    assert (tmp_path / "predict" / told["picture"]).is_file()
