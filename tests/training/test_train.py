"""Real trainings of a small net on a small dataset."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from visualdl import LogReader

from paddlex_restful import datasets
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from paddlex_restful.training import checkpoint, train
from tests.images import make_classification, scramble
from tests.training.conftest import Run, metrics_of, progress_of


class StopsAt(JobContext):
    """Is asked to stop as soon as a step of an epoch was reported."""

    epoch = 0

    def progress(self, *, flush: bool = False, **fields: Any) -> None:
        super().progress(flush=flush, **fields)
        if (fields.get("train_metrics") or {}).get("Epoch") == self.epoch:
            self.request_stop()


def stopping(context: JobContext, epoch: int) -> JobContext:
    stops = StopsAt(context.kind, context.subject, context.folder, context.root, context.args, context.gpus)
    stops.epoch = epoch
    return stops


def output_of(context: JobContext) -> Path:
    return context.path(context.args["output"])


def saved_weights(context: JobContext, name: str) -> dict[str, Any]:
    return checkpoint.load_weights(output_of(context) / name / "model.pdparams")


def equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(value, other[name]) for name, value in one.items())


@pytest.fixture(scope="module")
def unbroken(small_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[JobContext, dict[str, Any]]:
    """A training of four epochs, and what it returned. Others may read it only."""
    from tests.training.conftest import small_params

    root = tmp_path_factory.mktemp("unbroken")
    shutil.copytree(small_dataset, root / "datasets" / "D0001")
    (root / "job").mkdir()
    args = {
        "type": "classification",
        "params": small_params(),
        "dataset": "datasets/D0001",
        "output": "projects/P0001/T0001/output",
        "resume_epoch": None,
        "weights": None,
    }
    context = JobContext("train", "T0001", root / "job", root, args)
    return context, train.run(context)


def test_a_training_that_cannot_begin_leaves_the_earlier_model(
    unbroken: tuple[JobContext, dict[str, Any]], make_context: Run
) -> None:
    context = make_context({"pretrain_weights": "nowhere.pdparams"}, weights="nowhere.pdparams")
    best = output_of(context) / "best_model"
    shutil.copytree(output_of(unbroken[0]) / "best_model", best)
    with pytest.raises(JobFailed, match="pretrain_weights"):
        train.run(context)
    assert (best / "model.pdparams").is_file()


def test_a_training_leaves_its_checkpoints(unbroken: tuple[JobContext, dict[str, Any]]) -> None:
    context, result = unbroken
    names = sorted(path.name for path in output_of(context).iterdir())
    assert names == ["best_model", "epoch_2", "epoch_4", "metrics.jsonl", "vdl"]
    info = checkpoint.read_info(output_of(context) / "epoch_4")
    assert info["type"] == "classification"
    assert info["model"] == "MobileNetV3_small"
    assert info["labels"] == datasets.labels(context.path("datasets/D0001"))
    assert info["image_shape"] == [32, 32]
    assert info["epoch"] == 4
    assert info["metrics"]["acc1"] == result["epochs"][4]
    assert info["params"]["batch_size"] == 8


def test_a_training_reports(unbroken: tuple[JobContext, dict[str, Any]]) -> None:
    context, result = unbroken
    progress = progress_of(context)
    assert progress["stage"] == "complete"
    assert set(progress["train_metrics"]) == {"Epoch", "Step", "loss", "lr", "acc1", "acc3"}
    assert (progress["train_metrics"]["Epoch"], progress["train_metrics"]["Step"]) == (4, 4)
    assert set(progress["eval_metrics"]) == {"Epoch", "acc1", "acc3"}
    assert progress["eval_metrics"]["acc3"] == 1.0
    assert progress["eta"] == 0
    assert progress["eval_done"] is True
    assert progress["key"] == "acc1"
    assert progress["epochs"] == {str(epoch): value for epoch, value in result["epochs"].items()}
    assert progress["best_result"] == max(result["epochs"].values())
    assert progress["total_steps"] == progress["step"] == 16
    assert progress["images_per_second"] > 0


def test_the_learning_rate_follows_the_policy(unbroken: tuple[JobContext, dict[str, Any]]) -> None:
    rates = {line["Epoch"]: line["lr"] for line in metrics_of(unbroken[0])}
    assert rates == pytest.approx({1: 0.02, 2: 0.02, 3: 0.002, 4: 0.0002})


def test_scalars_are_there_for_visualdl(unbroken: tuple[JobContext, dict[str, Any]]) -> None:
    (file,) = (output_of(unbroken[0]) / "vdl").iterdir()
    reader = LogReader(file_path=str(file))
    losses = [record.value for record in reader.get_data("scalar", "train/loss")]
    assert losses == pytest.approx([line["loss"] for line in metrics_of(unbroken[0])])
    assert [record.id for record in reader.get_data("scalar", "eval/acc1")] == [8, 16]


def test_the_best_checkpoint_is_kept(make_context: Run) -> None:
    context = make_context({"save_interval_epochs": 1, "num_epochs": 5})
    result = train.run(context)
    assert sorted(result["epochs"]) == [1, 2, 3, 4, 5]
    best = max(result["epochs"], key=lambda epoch: (result["epochs"][epoch], -epoch))
    assert result["best_epoch"] == best
    assert checkpoint.read_info(output_of(context) / "best_model")["epoch"] == best
    assert equal(saved_weights(context, "best_model"), saved_weights(context, f"epoch_{best}"))


def test_a_net_learns(make_context: Run) -> None:
    plain = {"brightness": False, "contrast": False, "rotate": False, "horizontal_flip": False, "vertical_flip": False}
    size = {"model": "ResNet18", "batch_size": 14, "num_epochs": 8, "save_interval_epochs": 8}
    context = make_context({"learning_rate": 0.01, "lr_policy": "Cosine", **size, **plain})
    train.run(context)
    losses = [line["loss"] for line in metrics_of(context)]
    assert max(losses[-4:]) < min(losses[:2]) / 2


def test_a_resumed_training_equals_an_unbroken_one_exactly(
    unbroken: tuple[JobContext, dict[str, Any]], make_context: Run
) -> None:
    context = make_context()
    stopped = stopping(context, 3)
    with pytest.raises(JobStopped):
        train.run(stopped)
    assert metrics_of(stopped)[-1]["Epoch"] == 3
    assert not (output_of(context) / "epoch_4").exists()

    paddle.seed(12345)
    result = train.run(make_context(resume_epoch=2))
    whole, expected = unbroken
    assert result == expected
    assert metrics_of(context) == metrics_of(whole)
    assert metrics_of(context, "eval") == metrics_of(whole, "eval")
    assert equal(saved_weights(context, "epoch_4"), saved_weights(whole, "epoch_4"))
    assert equal(saved_weights(context, "best_model"), saved_weights(whole, "best_model"))


def test_resuming_from_an_earlier_epoch_removes_what_came_later(make_context: Run) -> None:
    context = make_context({"save_interval_epochs": 1})
    train.run(context)
    first, second = metrics_of(context), saved_weights(context, "epoch_2")
    again = stopping(make_context({"save_interval_epochs": 1}, resume_epoch=1), 2)
    with pytest.raises(JobStopped):
        train.run(again)
    assert sorted(path.name for path in output_of(context).glob("*_*")) == ["best_model", "epoch_1"]
    assert checkpoint.read_info(output_of(context) / "best_model")["epoch"] == 1
    assert [line for line in metrics_of(context) if line["Epoch"] == 1] == [
        line for line in first if line["Epoch"] == 1
    ]
    assert progress_of(again)["epochs"].keys() == {"1"}
    train.run(make_context({"save_interval_epochs": 1}, resume_epoch=1))
    assert metrics_of(context) == first
    assert equal(saved_weights(context, "epoch_2"), second)


def test_a_resumed_training_can_be_longer(make_context: Run) -> None:
    context = make_context({"num_epochs": 2})
    train.run(context)
    result = train.run(make_context({"num_epochs": 3}, resume_epoch=2))
    assert result["epoch"] == 3
    assert sorted(result["epochs"]) == [2, 3]


def test_a_half_written_line_of_metrics_does_not_hinder(make_context: Run) -> None:
    context = make_context({"num_epochs": 2})
    train.run(context)
    whole = metrics_of(context)
    with (output_of(context) / "metrics.jsonl").open("ab") as file:
        file.write(b'{"kind":"train","Epo')
    train.run(make_context({"num_epochs": 2}, resume_epoch=2))
    assert metrics_of(context) == whole


def test_resuming_from_what_is_not_there_is_told(make_context: Run) -> None:
    with pytest.raises(JobFailed, match="no complete checkpoint in epoch_7"):
        train.run(make_context(resume_epoch=7))


def test_resuming_with_another_model_is_refused(make_context: Run) -> None:
    train.run(make_context({"num_epochs": 1, "save_interval_epochs": 1}))
    with pytest.raises(JobFailed, match="another model or other classes"):
        train.run(make_context({"model": "PPLCNet"}, resume_epoch=1))


def test_a_new_start_removes_the_earlier_output(make_context: Run) -> None:
    context = make_context({"num_epochs": 1})
    (output_of(context) / "epoch_9").mkdir(parents=True)
    train.run(context)
    assert not (output_of(context) / "epoch_9").exists()


def test_an_early_stop_ends_a_training_that_does_not_get_better(make_context: Run) -> None:
    # Nothing is learnt at this rate, so no epoch is better than the first.
    still = {"learning_rate": 1e-12, "num_epochs": 9, "save_interval_epochs": 1}
    context = make_context(still | {"early_stop": True, "early_stop_patience": 2, "lr_policy": "Linear"})
    result = train.run(context)
    assert result["epoch"] == result["best_epoch"] + 2 < 9
    assert progress_of(context)["stage"] == "complete"


def test_a_loss_that_is_no_number_fails_with_a_remedy(make_context: Run) -> None:
    with pytest.raises(JobFailed, match="lower learning_rate") as caught:
        train.run(make_context({"learning_rate": 1e38, "lr_policy": "Linear"}))
    assert caught.value.reason == "nan_loss"


def test_two_images_a_class_train(make_context: Run, workspace: Path) -> None:
    folder = workspace / "datasets" / "D0002"
    make_classification(folder, per_class=2, size=20)
    rebuild(folder, "classification")
    datasets.split(folder, "classification", 0.0, 0.0)
    context = make_context({"batch_size": 64, "num_epochs": 2, "save_interval_epochs": 1}, dataset="datasets/D0002")
    result = train.run(context)
    assert result == {"epoch": 2, "epochs": {}, "best_epoch": 2, "best_result": None}
    assert checkpoint.read_info(output_of(context) / "best_model")["epoch"] == 2


def test_an_unreadable_image_is_named(make_context: Run, workspace: Path) -> None:
    sample = datasets.samples(workspace / "datasets/D0001", "classification", "val")[0]
    scramble(sample.image)
    with pytest.raises(JobFailed, match=sample.image.name):
        train.run(make_context())


def test_a_size_that_does_not_suit_is_refused_before_anything_is_read(make_context: Run) -> None:
    with pytest.raises(JobFailed, match="at least 32 x 32 for MobileNetV3_small"):
        train.run(make_context({"image_shape": [16, 16]}))


@pytest.mark.skipif(paddle.is_compiled_with_cuda(), reason="paddle has CUDA")
def test_a_gpu_without_cuda_is_told(make_context: Run) -> None:
    with pytest.raises(JobFailed, match="paddle is the CPU build"):
        train.run(make_context(gpus=(0,)))
