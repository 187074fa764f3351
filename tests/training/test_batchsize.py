"""Batches as large as the memory of a GPU allows: the GPU's memory is not real, the trainings are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import paddle
import pytest

from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from paddlex_restful.training import batchsize, checkpoint, train
from paddlex_restful.training.adapters import Training, adapter
from paddlex_restful.training.batchsize import GpuMemory
from paddlex_restful.training.parallel import World
from paddlex_restful.training.precision import Precision
from tests.training.conftest import Run, metrics_of


class Memory(GpuMemory):
    """A GPU of so many bytes on which each image of a batch takes a hundred, beside a thousand of the net."""

    def __init__(self, total: int, training: Training | None = None) -> None:
        self._total = total
        self._training = training

    @property
    def total(self) -> int:
        return self._total

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
    total = round((free + 2 * weights) / 0.9)
    params = batchsize.choose(training, context.args["params"], Memory(total, training), Precision(), World(), _go_on)
    assert (params["batch_size"], training.batch_size) == (batch_size, batch_size)
    assert params["learning_rate"] == pytest.approx(0.01 * batch_size)
    assert params["num_epochs"] == context.args["params"]["num_epochs"]
    assert training.steps == {1: 28, 2: 14}[batch_size]
    for name, value in _values(training.net).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    assert all(parameter.grad is None for parameter in training.net.parameters())


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
    chosen = checkpoint.read_info(best)["params"]
    assert (chosen["batch_size"], chosen["learning_rate"]) == (2, pytest.approx(0.02))
    assert context.args["params"]["batch_size"] == 1

    # A GPU of less memory would have found less.
    monkeypatch.setattr(train, "GpuMemory", lambda: Memory(0))
    resumed = make_context({**changes, "num_epochs": 3}, resume_epoch=2)
    train.run(resumed)
    lines = metrics_of(resumed)
    assert (lines[-1]["Epoch"], lines[-1]["Step"], lines[-1]["lr"]) == (3, 14, pytest.approx(0.02))
    assert checkpoint.read_info(best.parent / "epoch_3")["params"]["batch_size"] == 2


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
    found = batchsize.choose(training, context.args["params"], Memory(0, training), Precision(), Second(), _go_on)
    assert found["batch_size"] == 2


def test_a_wish_to_stop_ends_the_trials(make_context: Run) -> None:
    def stop() -> None:
        raise JobStopped

    context = make_context({"batch_size": 1})
    training = _training(context)
    with pytest.raises(JobStopped):
        batchsize.choose(training, context.args["params"], Memory(1 << 40), Precision(), World(), stop)
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
    monkeypatch.setattr(paddle.device.cuda, "get_device_properties", lambda: SimpleNamespace(total_memory=1 << 34))
    monkeypatch.setattr(paddle.device.cuda, "max_memory_allocated", lambda: 1 << 20)
    memory = GpuMemory()
    assert (memory.total, memory.most_taken) == (1 << 34, 1 << 20)
