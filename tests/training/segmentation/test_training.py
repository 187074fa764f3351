"""Real trainings of small nets on a small dataset of all kinds of files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import paddle
import pytest
import yaml

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.jobs.files import JOB_FILE, write_atomically
from paddlex_restful.training import checkpoint, train
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.inference_model import Predictor
from paddlex_restful.training.parallel import World
from paddlex_restful.training.segmentation.adapter import SegmentationTraining
from paddlex_restful.training.segmentation.export import ExportedSegmenter
from tests.training.segmentation.conftest import LABELS, SIZE, imported, small_params, training_job

HEIGHT, WIDTH = SIZE


def silent(done: int, total: int) -> None:
    """Nobody hears of the reading."""


def training_of(workspace: Path, **changes: Any) -> SegmentationTraining:
    made = adapter("segmentation").training(small_params(**changes), workspace / "datasets/D0001", 0, silent, World())
    assert isinstance(made, SegmentationTraining)
    return made


def step(training: SegmentationTraining, number: int = 1) -> list[float]:
    """Losses of the steps of an epoch."""
    losses = []
    training.net.train()
    for batch, _ in training.batches(number):
        loss, _ = training.loss(batch)
        loss.backward()
        training.optimizer.step()
        training.optimizer.clear_grad()
        losses.append(float(loss))
    return losses


def test_a_net_learns_the_shapes(trained: Path) -> None:
    info = yaml.safe_load((trained / "output/best_model/model.yml").read_text(encoding="utf-8"))
    assert info["labels"] == LABELS
    assert (info["type"], info["model"], info["image_shape"]) == ("segmentation", "FastSCNN", [WIDTH, HEIGHT])
    assert info["metrics"].keys() == {"miou", "oacc", "kappa"}
    # A net that says background everywhere has a mean IoU below 0.25.
    assert info["metrics"]["miou"] > 0.3
    assert info["metrics"]["oacc"] > 0.85
    lines = [orjson.loads(line) for line in (trained / "output/metrics.jsonl").read_bytes().splitlines()]
    assert [line["Epoch"] for line in lines if line["kind"] == "eval"] == [15, 30]
    assert lines[-1]["miou"] == pytest.approx(checkpoint.read_info(trained / "output/epoch_30")["metrics"]["miou"])
    losses = [line["loss"] for line in lines if line["kind"] == "train"]
    assert losses[-1] < losses[0] / 2


def test_a_resumed_training_equals_an_unbroken_one_exactly(workspace: Path) -> None:
    everything = {"rotate": True, "scale_aspect": True, "blur": True, "brightness": True, "vertical_flip": True}
    train.run(training_job(workspace, everything))
    unbroken = checkpoint.load_weights(workspace / "output/epoch_4/model.pdparams")
    shutil.rmtree(workspace / "output/epoch_4")
    result = train.run(training_job(workspace, everything, resume_epoch=2))
    assert result is not None
    assert result["epoch"] == 4
    again = checkpoint.load_weights(workspace / "output/epoch_4/model.pdparams")
    assert all(np.array_equal(value, again[name]) for name, value in unbroken.items())


def test_two_images_are_enough_for_the_default_parameters(tmp_path: Path) -> None:
    imported(tmp_path, val=0, test=0, count=8)
    folder = tmp_path / "datasets/D0001"
    split = orjson.loads((folder / "split.json").read_bytes())
    images = split["train"][:2]
    (folder / "split.json").write_bytes(orjson.dumps(split | {"train": images, "val": images[:1]}))
    defaults = small_params(model="BiSeNetV2") | {"learning_rate": 0.02, "num_epochs": 2, "save_interval_epochs": 10}
    result = train.run(training_job(tmp_path, defaults))
    assert result is not None
    assert result["best_epoch"] == 2
    (folder / "split.json").write_bytes(orjson.dumps(split | {"train": images[:1], "val": images[1:]}))
    with pytest.raises(JobFailed, match=r"training split holds 1 image\(s\); split the dataset so that"):
        train.run(training_job(tmp_path, defaults))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "BiSeNetV2", "optimizer": "Adam", "learning_rate": 1e-3, "loss_type": [True, True]},
        {"model": "PP-LiteSeg-T", "loss_type": [True, False]},
        {"model": "SegFormer-B0", "optimizer": "AdamW", "learning_rate": 1e-3},
    ],
    ids=lambda changes: changes["model"],
)
def test_nets_step_evaluate_and_export(workspace: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    training = training_of(workspace, **changes)
    first = step(training, 1)
    assert len(first) == training.steps == 2
    assert np.isfinite(first + step(training, 2)).all()
    assert training.evaluate(silent).keys() <= {"miou", "oacc", "kappa"}
    checkpoint.save(tmp_path / "net", training.net, training.info)
    model = ExportedSegmenter(tmp_path / "net")
    (tmp_path / "out").mkdir()
    model.save(tmp_path / "out")
    assert model.difference_from_net(Predictor(tmp_path / "out")) < 1e-4


def test_weights_of_auxiliary_heads_count_in_the_loss(workspace: Path) -> None:
    training = training_of(workspace)
    (images, truth), _ = next(iter(training.batches(1)))

    def of_head(logits: paddle.Tensor) -> float:
        return float(paddle.nn.functional.cross_entropy(logits, truth, ignore_index=255, axis=1))

    training.net.train()
    # FastSCNN drops out at random, from the same seed alike.
    paddle.seed(0)
    loss, _ = training.loss((images, truth))
    paddle.seed(0)
    answer, auxiliary = training.net(images)
    assert float(loss) == pytest.approx(of_head(answer) + 0.4 * of_head(auxiliary), rel=1e-4)


def test_a_net_that_gives_no_numbers_is_told(workspace: Path) -> None:
    training = training_of(workspace)
    for weight in training.net.parameters():
        weight.set_value(weight * float("nan"))
    with pytest.raises(JobFailed, match="no longer gives finite numbers for the validation images"):
        training.evaluate(silent)


def test_without_validation_images_the_latest_epoch_is_the_best(tmp_path: Path) -> None:
    imported(tmp_path, val=0, test=0)
    result = train.run(training_job(tmp_path, {"num_epochs": 2, "save_interval_epochs": 1}))
    assert result is not None
    assert (result["best_epoch"], result["best_result"]) == (2, None)


def test_two_processes_train_together(workspace: Path) -> None:
    context = training_job(workspace, {"num_epochs": 2, "save_interval_epochs": 1}, processes=2)
    write_atomically(context.folder / JOB_FILE, {**vars(context), "engine": True}, durable=False)
    result = train.run(context)
    assert result is not None
    assert result["epoch"] == 2
    assert set(result["epochs"]) == {"1", "2"}
