"""The time that is left of a training, by a pretended clock and in a real one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.training import loop
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.eta import Eta
from tests.training.test_loop import Line, Told, run


@dataclass
class Pretended:
    """A training whose parts take as long as told, in seconds."""

    epochs: int = 20
    steps: int = 100
    interval: int = 1
    first_epoch: int = 1
    every: int = 10
    step: Callable[[float], float] = lambda now: 0.2
    """What a step costs at a time since the beginning."""
    first_step: float = 0.0
    """What the very first step costs more."""
    start: float = 0.0
    """What the first step of each epoch costs more."""
    evaluation: float = 0.0
    first_evaluation: float = 0.0
    """What the first evaluation costs more."""
    saving: float = 0.0
    samples: int = 800
    val_samples: int = 0
    now: float = 0.0
    told: list[tuple[float, int | None]] = field(default_factory=list)

    def run(self) -> Pretended:
        """Train; keeps what was estimated when."""
        eta = Eta(
            epochs=self.epochs,
            steps=self.steps,
            interval=self.interval,
            samples=self.samples,
            val_samples=self.val_samples,
            clock=lambda: self.now,
        )
        self.now += self.first_step
        for epoch in range(self.first_epoch, self.epochs + 1):
            eta.enter("training")
            self.now += self.start
            if epoch == self.first_epoch:
                self.now += self.first_step
            for step in range(1, self.steps + 1):
                self.now += self.step(self.now)
                if step in (1, self.steps) or step % self.every == 0:
                    eta.step(epoch, step)
                    self.told.append((self.now, eta.seconds()))
            if epoch % self.interval == 0 or epoch == self.epochs:
                self._save(eta)
        eta.enter("complete")
        return self

    def _save(self, eta: Eta) -> None:
        eta.enter("evaluating")
        for part in range(1, 11):
            self.now += self.evaluation / 10
            if part == 1:
                self.now += self.first_evaluation
                self.first_evaluation = 0.0
            eta.evaluated(part, 10)
            self.told.append((self.now, eta.seconds()))
        eta.enter("saving")
        self.now += self.saving

    def errors(self, since: float = 0.1, until: float = 1.0) -> list[float]:
        """How far off the estimates in a part of the training were, as shares of what was left; 2 seconds are
        forgiven."""
        return [
            max(0.0, abs(told - (self.now - at)) - 2.0) / (self.now - at + 2.0)
            for at, told in self.told
            if told is not None and since * self.now <= at <= until * self.now
        ]


@pytest.mark.parametrize(
    "training",
    [
        Pretended(),
        Pretended(first_step=30.0),
        Pretended(start=3.0),
        Pretended(epochs=10, steps=1000, start=5.0),
        Pretended(evaluation=20.0, val_samples=100, saving=4.0),
        # The first evaluation comes late: it is guessed from the number of its images.
        Pretended(interval=10, evaluation=80.0 / 3, val_samples=3200),
        Pretended(interval=7, evaluation=5.0, val_samples=600, saving=1.0),
        Pretended(epochs=200, steps=1, every=1, step=lambda now: 2.0, first_step=10.0),
        Pretended(epochs=100, steps=2, every=1, step=lambda now: 1.0, evaluation=1.0, saving=0.5),
        Pretended(epochs=2, steps=5000),
        Pretended(first_epoch=11, first_step=20.0, evaluation=4.0, val_samples=400, saving=0.5),
        # Single steps differ by a factor of five.
        Pretended(step=lambda now: 0.1 + 0.4 * (int(now * 7) % 3 == 0)),
    ],
)
def test_after_a_tenth_the_estimate_is_right_within_a_fifth(training: Pretended) -> None:
    errors = training.run().errors()
    assert len(errors) > 50
    assert max(errors) <= 0.2


@pytest.mark.parametrize("later", [0.1, 0.6])
def test_a_speed_that_changes_is_followed_within_seconds(later: float) -> None:
    change = 200.0
    training = Pretended(step=lambda now: 0.2 if now < change else later, evaluation=1.0, val_samples=40).run()
    assert max(training.errors(since=(change + 15) / training.now)) <= 0.2


def test_the_first_evaluation_counts_only_until_the_second() -> None:
    training = Pretended(evaluation=20.0, first_evaluation=60.0, val_samples=100).run()
    # The second one ends after 140 seconds, of 20 each for an epoch and an evaluation and 60 more for the first.
    assert max(training.errors(since=141 / training.now)) <= 0.05


def test_nothing_is_estimated_from_the_first_step_and_something_from_the_next() -> None:
    told = [seconds for _, seconds in Pretended(every=1).run().told]
    assert told[0] is None
    # 1998 steps and 20 evaluations without images.
    assert told[1] == round(1998 * 0.2)
    assert told[-1] == 0


def test_what_is_left_falls_while_an_evaluation_goes_on() -> None:
    training = Pretended(epochs=1, steps=10, every=1, evaluation=100.0, val_samples=800).run()
    assert [seconds for _, seconds in training.told[-10:]] == [90, 80, 70, 60, 50, 40, 30, 20, 10, 0]


class Clock:
    """A time that passes where a training says so: what else the machine does changes nothing."""

    now = 0.0


class Steady(Line):
    """Takes 2 seconds a step and 40 an evaluation."""

    val_samples = 40

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def batches(self, epoch: int) -> Iterator[Any]:
        for batch in super().batches(epoch):
            self._clock.now += 2
            yield batch

    def evaluate(self, notify: Notify) -> dict[str, float]:
        for done in range(10, 50, 10):
            self._clock.now += 10
            notify(done, 40)
        return {}


class Timed(Told):
    """Keeps when how much time was said to be left."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.left: list[tuple[float, int]] = []

    def __call__(self, *, flush: bool = False, **fields: Any) -> None:
        super().__call__(flush=flush, **fields)
        if fields.get("eta") is not None:
            self.left.append((self._clock.now, fields["eta"]))


def test_a_real_training_ends_when_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(loop, "Eta", functools.partial(Eta, clock=lambda: clock.now))
    told = Timed(clock)
    run(tmp_path, Steady(clock), told, num_epochs=20, save_interval_epochs=2)
    begin, (end, last) = told.left[0][0], told.left[-1]
    assert end == 20 * Line.steps * 2 + 10 * 40
    assert last == 0
    errors = [
        (left - (end - at)) / (end - at)
        for at, left in told.left
        if 0.1 * (end - begin) <= at - begin <= 0.8 * (end - begin)
    ]
    assert len(errors) > 50
    # Before the first evaluation has begun it is guessed from the number of its images.
    assert max(map(abs, errors)) <= 0.2
