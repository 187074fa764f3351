"""Mixed precision as far as a processor can show it: the scaling of losses and gradients is real, the GPU is not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import paddle
import pytest

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training import train
from paddlex_restful.training.loop import Loop, State
from paddlex_restful.training.parallel import World
from paddlex_restful.training.precision import Precision
from paddlex_restful.training.reporter import read_metrics
from tests.training.conftest import Run
from tests.training.test_loop import PARAMS, Line, Told

FIRST_SCALE = 65536.0


class Overflowing(Line):
    """A line whose loss is infinite at some steps of the whole training, counted from 1.

    Args:
        losses: steps whose gradients are infinite too.
        infinite: steps whose gradients are not.
    """

    def __init__(self, losses: tuple[int, ...] = (), infinite: tuple[int, ...] = ()) -> None:
        super().__init__(dict.fromkeys(range(1, 7), 0.5))
        self._losses, self._infinite = losses, infinite

    def loss(self, batch: Any) -> tuple[paddle.Tensor, Any]:
        step = (self._epoch - 1) * self.steps + self._step
        loss, outputs = super().loss(batch)
        if step in self._losses:
            loss = loss * math.inf
        if step in self._infinite:
            loss = loss + math.inf
        return loss, outputs

    def batches(self, epoch: int) -> Iterator[Any]:
        for self._step, batch in enumerate(super().batches(epoch), 1):
            yield batch


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the processor pass for a GPU: losses are scaled then, and casting goes on doing nothing."""
    place = SimpleNamespace(is_gpu_place=lambda: True)
    monkeypatch.setattr(paddle.device, "get_device", lambda: "gpu:0")
    monkeypatch.setattr(paddle.device.cuda, "get_device_capability", lambda: (7, 0))
    monkeypatch.setattr("paddle.amp.grad_scaler._dygraph_tracer", lambda: SimpleNamespace(_expected_place=place))


def run(output: Path, training: Line, *, mixed: bool, epochs: int = 2, resume: int | None = None) -> State:
    output.mkdir(exist_ok=True)
    with paddle.utils.unique_name.guard():
        params = PARAMS | {"num_epochs": epochs}
        loop = Loop(training, params, output, Told(), lambda: None, 0, World(), None, Precision(mixed))
        if resume is not None:
            loop.resume(resume)
        return loop.run()


def line(training: Line) -> list[float]:
    return [float(parameter) for parameter in training.net.parameters()]


def seeded(training: type[Line] = Line, **arguments: Any) -> Any:
    paddle.seed(3)
    return training(**arguments)


def test_a_processor_is_refused_with_the_remedy() -> None:
    with pytest.raises(JobFailed, match="runs on cpu; set amp to false") as caught:
        Precision(mixed=True)
    assert caught.value.reason == "amp"


def test_an_old_gpu_is_refused(gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paddle.device.cuda, "get_device_capability", lambda: (6, 1))
    with pytest.raises(JobFailed, match=r"7\.0 or later"):
        Precision(mixed=True)


def test_a_refused_training_leaves_the_earlier_output(make_context: Run) -> None:
    context = make_context({"amp": True})
    earlier = context.path(context.args["output"]) / "epoch_1"
    earlier.mkdir(parents=True)
    with pytest.raises(JobFailed, match="amp needs a GPU"):
        train.run(context)
    assert earlier.exists()


def test_scaled_losses_train_as_plain_ones(gpu: None, tmp_path: Path) -> None:
    plain, mixed = seeded(), seeded()
    run(tmp_path / "plain", plain, mixed=False)
    state = run(tmp_path / "mixed", mixed, mixed=True)
    assert line(mixed) == pytest.approx(line(plain), rel=1e-5)
    assert list(read_metrics(tmp_path / "mixed")) == list(read_metrics(tmp_path / "plain"))
    assert state.precision == {"scale": FIRST_SCALE, "incr_count": 50, "decr_count": 0}


def test_a_step_whose_gradients_overflow_is_skipped_and_the_scale_halved(gpu: None) -> None:
    training = seeded()
    weight, bias = training.net.parameters()
    precision = Precision(mixed=True)
    before, done, scales = line(training), [], []
    for _ in range(4):
        # Infinite only because the scale is too large: 2e34 x 65536 is, 2e34 x 16384 is not.
        precision.backward(2e34 * bias.sum())
        done.append(precision.step(training.optimizer))
        training.optimizer.clear_grad()
        scales.append(dict(precision.state() or {})["scale"])
        if len(done) == 2:
            assert line(training) == before
    assert (done, scales) == ([False, False, True, True], [32768, 16384, 16384, 16384])
    assert float(weight) == before[0]
    assert float(bias) < before[1] - 1e30


def test_a_skipped_step_is_no_lost_loss(gpu: None, tmp_path: Path) -> None:
    state = run(tmp_path, seeded(Overflowing, losses=(1, 8)), mixed=True)
    assert (state.epoch, state.precision) == (2, {"scale": FIRST_SCALE / 4, "incr_count": 42, "decr_count": 0})
    told = {entry["step"]: entry["loss"] for entry in read_metrics(tmp_path) if entry["kind"] == "train"}
    assert told.pop(1) is None
    assert all(np.isfinite(loss) for loss in told.values())
    with pytest.raises(JobFailed, match="epoch 1, step 1;"):
        run(tmp_path, seeded(Overflowing, losses=(1, 8)), mixed=False)


def test_losses_that_no_scale_brings_back_end_the_training(gpu: None, tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="set amp to false") as caught:
        run(tmp_path, seeded(Overflowing, losses=tuple(range(1, 51))), mixed=True)
    assert caught.value.reason == "nan_loss"


def test_a_lost_loss_of_a_step_that_was_done_ends_the_training(gpu: None, tmp_path: Path) -> None:
    training = seeded(Overflowing, infinite=(8,))
    with pytest.raises(JobFailed, match="epoch 1, step 8;") as caught:
        run(tmp_path, training, mixed=True)
    assert caught.value.reason == "nan_loss"


def test_a_resumed_training_goes_on_with_its_scale(gpu: None, tmp_path: Path) -> None:
    unbroken = seeded(Overflowing, losses=(3, 30))
    state = run(tmp_path, unbroken, mixed=True, epochs=3)
    metrics = list(read_metrics(tmp_path))
    resumed = seeded(Overflowing, losses=(3, 30))
    assert run(tmp_path, resumed, mixed=True, epochs=3, resume=1) == state
    assert line(resumed) == line(unbroken)
    assert list(read_metrics(tmp_path)) == metrics


@pytest.mark.parametrize("first", [True, False])
def test_a_training_is_resumed_in_the_other_precision(gpu: None, tmp_path: Path, first: bool) -> None:
    run(tmp_path, seeded(), mixed=first, epochs=1)
    state = run(tmp_path, seeded(), mixed=not first, epochs=2, resume=1)
    assert state.precision == (None if first else {"scale": FIRST_SCALE, "incr_count": 25, "decr_count": 0})
