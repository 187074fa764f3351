"""The loop alone, on the smallest training there is: nothing in it knows of images or classes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddlex_restful.jobs.context import JobFailed, JobStopped
from paddlex_restful.training import checkpoint
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.loop import Loop, State
from paddlex_restful.training.reporter import read_metrics

PARAMS = {"learning_rate": 0.01, "lr_policy": "Linear", "num_epochs": 6, "save_interval_epochs": 1}


class Line:
    """Fits a line; its evaluations say what the test wants."""

    metric = "score"
    steps = 25
    samples = 100
    val_samples = 1
    info = {"type": "line", "model": "Line", "labels": []}  # noqa: RUF012  read only

    def __init__(self, scores: dict[int, float] | None = None, poison: int = 0) -> None:
        with paddle.utils.unique_name.guard():
            self.net = paddle.nn.Linear(1, 1)
        self.optimizer = paddle.optimizer.Momentum(0.01, parameters=self.net.parameters())
        self._scores = scores or {}
        self._poison = poison
        self._epoch = 0

    def batches(self, epoch: int) -> Iterator[Any]:
        self._epoch = epoch
        random = np.random.default_rng(epoch)
        for step in range(self.steps):
            x = random.random((4, 1)).astype(np.float32)
            if epoch == self._poison and step == 7:
                x[0] = math.nan
            yield paddle.to_tensor(x), 1.0

    def loss(self, batch: Any) -> tuple[paddle.Tensor, Any]:
        return ((self.net(batch) - 3 * batch) ** 2).mean(), None

    def figures(self, outputs: Any) -> dict[str, float]:
        return {"extra": 1.0}

    def evaluate(self, notify: Notify) -> dict[str, float]:
        notify(1, 1)
        return {"score": self._scores[self._epoch]} if self._epoch in self._scores else {}

    def weights_url(self, source: str) -> str | None:
        return None


class Told:
    """Keeps what progress was told."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.stages: list[str] = []
        self.etas: list[Any] = []
        self.saved: list[int | None] = []

    def __call__(self, *, flush: bool = False, **fields: Any) -> None:
        self.fields |= fields
        if "stage" in fields:
            self.stages.append(fields["stage"])
        if "eta" in fields:
            self.etas.append(fields["eta"])
        if "saved_epoch" in fields:
            self.saved.append(fields["saved_epoch"])


def run(output: Path, training: Line, told: Told | None = None, resume: int | None = None, **changes: Any) -> State:
    with paddle.utils.unique_name.guard():
        loop = Loop(training, PARAMS | changes, output, told or Told(), lambda: None, 0)
        if resume is not None:
            loop.resume(resume)
        return loop.run()


def best_of(output: Path) -> int:
    return int(checkpoint.read_info(output / "best_model")["epoch"])


def test_the_best_is_the_first_of_the_highest(tmp_path: Path) -> None:
    state = run(tmp_path, Line({1: 0.2, 2: 0.7, 3: 0.5, 4: 0.7, 5: 0.6, 6: 0.1}))
    assert (state.best_epoch, state.best_result) == (2, 0.7)
    assert best_of(tmp_path) == 2
    assert state.results == {1: 0.2, 2: 0.7, 3: 0.5, 4: 0.7, 5: 0.6, 6: 0.1}


def test_without_evaluations_the_latest_is_the_best(tmp_path: Path) -> None:
    state = run(tmp_path, Line())
    assert (state.best_epoch, state.best_result, state.results) == (6, None, {})
    assert best_of(tmp_path) == 6


def test_saving_follows_the_interval_and_includes_the_last_epoch(tmp_path: Path) -> None:
    run(tmp_path, Line(dict.fromkeys(range(1, 7), 0.1)), save_interval_epochs=4)
    assert sorted(path.name for path in tmp_path.glob("epoch_*")) == ["epoch_4", "epoch_6"]


@pytest.mark.parametrize(("patience", "last"), [(1, 3), (2, 4), (3, 6)])
def test_an_early_stop_counts_epochs_since_the_best(tmp_path: Path, patience: int, last: int) -> None:
    scores = {1: 0.1, 2: 0.5, 3: 0.4, 4: 0.3, 5: 0.6, 6: 0.7}
    told = Told()
    state = run(tmp_path, Line(scores), told, early_stop=True, early_stop_patience=patience)
    assert state.epoch == last
    assert told.stages[-1] == "complete"


def test_early_stop_is_off_unless_asked_for(tmp_path: Path) -> None:
    assert run(tmp_path, Line(dict.fromkeys(range(1, 7), 0.5)), early_stop_patience=1).epoch == 6


def test_resuming_brings_back_the_best_of_that_time(tmp_path: Path) -> None:
    scores = {1: 0.5, 2: 0.3, 3: 0.9, 4: 0.4, 5: 0.4, 6: 0.4}
    run(tmp_path, Line(scores))
    assert best_of(tmp_path) == 3
    told = Told()
    training = Line(scores)
    with paddle.utils.unique_name.guard():
        loop = Loop(training, PARAMS, tmp_path, told, lambda: None, 0)
        loop.resume(2)
    assert best_of(tmp_path) == 1
    assert not (tmp_path / "epoch_3").exists()


def test_resuming_continues_the_curve_exactly(tmp_path: Path) -> None:
    scores = dict.fromkeys(range(1, 7), 0.5)
    paddle.seed(1)
    run(tmp_path, Line(scores))
    whole = list(read_metrics(tmp_path))
    run(tmp_path, Line(scores), resume=3)
    assert list(read_metrics(tmp_path)) == whole


def test_reports_are_about_ten_an_epoch_with_the_first_and_the_last_step(tmp_path: Path) -> None:
    run(tmp_path, Line(), num_epochs=1)
    lines = [line for line in read_metrics(tmp_path) if line["kind"] == "train"]
    assert [line["Step"] for line in lines] == [1, *range(2, 26, 2), 25]
    assert all(line["extra"] == 1.0 for line in lines)


def test_stages_and_eta_are_told(tmp_path: Path) -> None:
    told = Told()
    run(tmp_path, Line({1: 0.5, 2: 0.5}), told, num_epochs=2)
    assert told.stages == [*["training", "evaluating", "saving"] * 2, "complete"]
    assert told.etas[0] is None
    assert all(isinstance(eta, int) and eta >= 0 for eta in told.etas[1:])
    assert told.etas[-1] == 0


def test_a_number_lost_between_two_reports_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="epoch 2, step 8") as caught:
        run(tmp_path, Line({1: 0.5}, poison=2))
    assert caught.value.reason == "nan_loss"
    assert sorted(path.name for path in tmp_path.glob("epoch_*")) == ["epoch_1"]


def test_a_parameter_that_a_batch_does_not_reach_stays_as_it_is(tmp_path: Path) -> None:
    seen: list[float] = []

    class Halves(Line):
        """Each second batch does not reach the bias, which momentum would move all the same."""

        def loss(self, batch: Any) -> tuple[paddle.Tensor, Any]:
            seen.append(float(self.net.bias))
            bias = self.net.bias if len(seen) % 2 else 0
            return ((batch @ self.net.weight + bias - 3 * batch - 1) ** 2).mean(), None

    run(tmp_path, Halves(), num_epochs=1)
    for before, reached, passed_over in zip(seen[:-2:2], seen[1:-1:2], seen[2::2], strict=True):
        assert before != reached == passed_over


def test_a_stop_in_an_evaluation_saves_nothing_half(tmp_path: Path) -> None:
    told = Told()

    def check_stop() -> None:
        if told.stages[-1:] == ["evaluating"]:
            raise JobStopped

    with paddle.utils.unique_name.guard(), pytest.raises(JobStopped):
        Loop(Line({1: 0.5}), PARAMS, tmp_path, told, check_stop, 0).run()
    assert list(tmp_path.glob("*epoch_*")) == []
