"""Batches as large as the memory of a GPU allows: the GPU's memory is not real, the trainings are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from paddlex_restful.params import default_params
from paddlex_restful.training import batchsize, checkpoint, train
from paddlex_restful.training.adapters import Training, adapter
from paddlex_restful.training.batchsize import GpuMemory
from paddlex_restful.training.parallel import World
from paddlex_restful.training.precision import Precision
from tests.images import make_detection
from tests.training.conftest import Run, metrics_of


class Memory(GpuMemory):
    """A GPU of so many bytes on which each image of a batch takes a hundred, beside a thousand of the net."""

    def __init__(self, available: int, training: Training | None = None) -> None:
        self.available = available
        self._training = training

    @property
    def most_taken(self) -> int:
        return 0 if self._training is None else 1000 + 100 * self._training.batch_size


def _training(context: JobContext) -> Training:
    args = context.args
    return adapter("classification").training(
        args["params"], context.path(args["dataset"]), 0, lambda done, total: None, World()
    )


def _go_on() -> None:
    pass


def _values(net: paddle.nn.Layer) -> dict[str, Any]:
    return {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}


@pytest.mark.parametrize(
    ("free", "batch_size"),
    [
        (0, 1),
        # Of the net and one image 1,100 bytes are taken, and that must fit twice.
        (2_199, 1),
        (2_201, 2),
        # 28 images: with four of them in a batch an epoch would have seven steps.
        (1 << 40, 2),
    ],
)
def test_the_batch_is_doubled_while_twice_its_memory_fits(make_context: Run, free: int, batch_size: int) -> None:
    context = make_context({"batch_size": 1, "learning_rate": 0.01})
    training = _training(context)
    before = _values(training.net)
    weights = sum(4 * parameter.size for parameter in training.net.parameters())
    memory = Memory(round((free + 2 * weights) / 0.9), training)
    assert batchsize.choose(training, memory, Precision(), World(), _go_on) == batch_size
    assert training.batch_size == batch_size
    assert training.steps == {1: 28, 2: 14}[batch_size]
    for name, value in _values(training.net).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    assert all(parameter.grad is None for parameter in training.net.parameters())


def test_no_batch_is_larger_than_sixteen_times_what_was_asked_for(
    make_context: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = _training(make_context({"batch_size": 1}))
    tried = []
    monkeypatch.setattr(training, "samples", 100_000)
    monkeypatch.setattr(batchsize, "_try_steps", lambda training, *rest: tried.append(training.batch_size))
    assert batchsize.choose(training, Memory(1 << 40), Precision(), World(), _go_on) == 16
    assert tried == [1, 2, 4, 8]


def test_rate_and_warm_up_follow_the_batch() -> None:
    asked = {"batch_size": 4, "learning_rate": 0.001, "warmup_steps": 100, "num_epochs": 7}
    assert batchsize.scaled(asked, 1) == asked
    assert batchsize.scaled(asked, 8) == {**asked, "batch_size": 32, "learning_rate": 0.008, "warmup_steps": 12}
    assert batchsize.scaled({**asked, "warmup_steps": 3}, 8)["warmup_steps"] == 1
    assert batchsize.scaled({**asked, "warmup_steps": 0}, 8)["warmup_steps"] == 0


def test_detectors_are_tried_with_their_largest_images(tmp_path: Path) -> None:
    dataset = make_detection(tmp_path / "D0001", count=12, size=(96, 64), objects=2)
    rebuild(dataset, "detection")
    datasets.split(dataset, "detection", 0.2, 0)
    sides = [64, 96, 128]
    params = default_params("detection", "YOLOv3") | {
        "backbone": "MobileNetV1",
        "image_shape": [64, 64],
        "random_shape_sizes": sides,
        "batch_size": 1,
        "pretrain_weights": None,
    }
    training = adapter("detection").training(params, dataset, 0, lambda done, total: None, World())

    def sizes(epoch: int) -> set[int]:
        return {batch["image"].shape[2] for batch, _ in training.batches(epoch)}

    assert sizes(0) == {128}
    assert sizes(1) > {128}


def test_a_training_uses_what_was_found_and_keeps_it_when_it_is_resumed(
    make_context: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "GpuMemory", lambda: Memory(1 << 40))
    changes = {"batch_size": 1, "learning_rate": 0.01, "lr_decay_epochs": [3], "num_epochs": 2, "auto_batch_size": True}
    context = make_context(changes)
    train.run(context)
    lines = metrics_of(context)
    assert (lines[-1]["Epoch"], lines[-1]["Step"], lines[-1]["lr"]) == (2, 14, pytest.approx(0.02))
    best = context.path(context.args["output"]) / "best_model"
    # An adjustment to 8 bits, which takes more memory and perhaps another device, begins with what was asked for.
    info = checkpoint.read_info(best)
    assert (info["batch_factor"], info["params"]["batch_size"], info["params"]["learning_rate"]) == (2, 1, 0.01)

    # A GPU of less memory would have found less.
    monkeypatch.setattr(train, "GpuMemory", lambda: Memory(0))
    resumed = make_context({**changes, "num_epochs": 3, "learning_rate": 0.005}, resume_epoch=2)
    train.run(resumed)
    lines = metrics_of(resumed)
    assert (lines[-1]["Epoch"], lines[-1]["Step"], lines[-1]["lr"]) == (3, 14, pytest.approx(0.01))
    assert checkpoint.read_info(best.parent / "epoch_3")["batch_factor"] == 2


def test_who_trains_with_others_does_what_the_first_one_found(make_context: Run) -> None:
    class Second(World):
        """Hears of the first one that it doubled once."""

        def __init__(self) -> None:
            super().__init__()
            self.heard = [True, False]

        def meet(self, said: bool = True) -> bool:
            return self.heard.pop(0)

    context = make_context({"batch_size": 1})
    training = _training(context)
    assert batchsize.choose(training, Memory(0, training), Precision(), Second(), _go_on) == 2


def test_a_wish_to_stop_ends_the_trials(make_context: Run) -> None:
    def stop() -> None:
        raise JobStopped

    context = make_context({"batch_size": 1})
    training = _training(context)
    with pytest.raises(JobStopped):
        batchsize.choose(training, Memory(1 << 40), Precision(), World(), stop)
    assert training.batch_size == 1


def test_on_a_processor_it_is_refused_and_leaves_the_earlier_output(make_context: Run) -> None:
    context = make_context({"auto_batch_size": True})
    earlier = context.path(context.args["output"]) / "epoch_1"
    earlier.mkdir(parents=True)
    with pytest.raises(JobFailed, match="auto_batch_size needs a GPU, and this training runs on cpu") as caught:
        train.run(context)
    assert caught.value.reason == "auto_batch_size"
    assert earlier.exists()


def test_the_memory_is_that_of_the_gpu_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paddle.device, "get_device", lambda: "gpu:0")
    monkeypatch.setattr(paddle.base.core, "gpu_memory_available", lambda: 1 << 34, raising=False)
    monkeypatch.setattr(paddle.device.cuda, "memory_reserved", lambda: 1 << 30)
    monkeypatch.setattr(paddle.device.cuda, "max_memory_allocated", lambda: 1 << 20)
    memory = GpuMemory()
    assert (memory.available, memory.most_taken) == ((1 << 34) + (1 << 30), 1 << 20)
