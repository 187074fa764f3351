"""When a training will end, from what its parts took lately."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import fmean

_WINDOW = 10.0
_STEPS = 20
"""Seconds of training, and steps, over which the speed of steps is taken at least: enough to even out single ones, few
enough to follow when another program begins to take its share of the machine."""

_RECENT = 5
"""How many evaluations, savings and beginnings of epochs count."""

_FORWARD_SHARE = 1 / 3
"""Of the time for an image in training what it takes in an evaluation: the backward pass costs two forward passes
(J. Kaplan et al., Scaling Laws for Neural Language Models, 2020, section 2.1)."""


class Eta:
    """Estimates the seconds that are left of a training, by a clock that stands still while the machine is suspended.

    What is left is the sum of its parts, each with the mean of its recent costs:

    - the steps, without the very first one, which also allocates memory and picks algorithms,
    - the first step of each epoch, which waits for its images, as other steps until one was measured,
    - the evaluations; until one was measured a third of the time for as many images in training,
    - the savings; nothing until one was measured.

    The first evaluation and saving, which warm up too, count only until there is another. An early stop cannot be
    foreseen.

    Args:
        epochs: of the whole training.
        steps: of an epoch.
        interval: epochs between two evaluations and savings; the last epoch is always evaluated and saved.
        samples: training images of an epoch.
        val_samples: images of an evaluation.
        clock: the time in seconds.
    """

    def __init__(
        self,
        *,
        epochs: int,
        steps: int,
        interval: int,
        samples: int,
        val_samples: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._epochs = epochs
        self._steps = steps
        self._interval = interval
        self._val_epochs = val_samples / samples
        self._clock = clock
        self._since = clock()
        self._stage = ""
        self._begun = False
        self._epoch = 0
        self._step = 0
        self._rest: float | None = None
        self._step_costs = _Window()
        self._start_costs = _Recent()
        self._evaluation_costs = _Recent()
        self._saving_costs = _Recent()

    def enter(self, stage: str) -> None:
        """A stage begins: ``training``, ``evaluating``, ``saving`` or another one; the stage before has ended."""
        passed = self._lap()
        if self._stage == "evaluating":
            self._evaluation_costs.add(passed)
        elif self._stage == "saving":
            self._saving_costs.add(passed)
        self._stage = stage
        self._rest = None

    def step(self, epoch: int, step: int) -> float:
        """Training came to the end of a step; the first step of an epoch must be told by itself.

        Args:
            epoch: from 1.
            step: in the epoch, from 1.

        Returns:
            Seconds since training began or was told of last.
        """
        passed = self._lap()
        if step > 1:
            self._step_costs.add(passed, step - self._step)
        elif self._begun:
            self._start_costs.add(passed)
        self._begun = True
        self._epoch, self._step = epoch, step
        return passed

    def evaluated(self, done: int, total: int) -> None:
        """``done`` of ``total`` images of the evaluation that goes on are through."""
        if done:
            self._rest = (self._clock() - self._since) * (total - done) / done

    def seconds(self) -> int | None:
        """The seconds that are left; None before anything but the first step was measured."""
        start = self._start_costs.mean()
        step = self._step_costs.mean()
        if step is None:
            step = start
        if step is None:
            return None
        if start is None:
            start = step
        evaluation = self._evaluation_costs.mean()
        if evaluation is None:
            evaluation = self._val_epochs * self._steps * step * _FORWARD_SHARE
        saving = self._saving_costs.mean() or 0.0
        epochs = self._epochs - self._epoch
        saves = self._saves_left()
        this_evaluation = evaluation if self._rest is None else self._rest
        left = (self._steps - self._step) * step + epochs * (start + (self._steps - 1) * step)
        return round(left + this_evaluation + (saves - 1) * evaluation + saves * saving)

    def _saves_left(self) -> int:
        """How often is saved from this epoch on, at least once."""
        regular = self._epochs // self._interval - (self._epoch - 1) // self._interval
        return regular + (self._epochs % self._interval > 0)

    def _lap(self) -> float:
        now = self._clock()
        passed, self._since = now - self._since, now
        return passed


class _Window:
    """The mean cost of the latest steps."""

    def __init__(self) -> None:
        self._reports: deque[tuple[float, int]] = deque()
        self._seconds = 0.0
        self._steps = 0

    def add(self, seconds: float, steps: int) -> None:
        self._reports.append((seconds, steps))
        self._seconds += seconds
        self._steps += steps
        while True:
            seconds, steps = self._reports[0]
            if self._seconds - seconds < _WINDOW or self._steps - steps < _STEPS:
                return
            self._reports.popleft()
            self._seconds -= seconds
            self._steps -= steps

    def mean(self) -> float | None:
        return self._seconds / self._steps if self._reports else None


class _Recent:
    """The mean of the last few costs; the first of all counts only while it is the only one."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._later: deque[float] = deque(maxlen=_RECENT)

    def add(self, seconds: float) -> None:
        if self._first is None:
            self._first = seconds
        else:
            self._later.append(seconds)

    def mean(self) -> float | None:
        return fmean(self._later) if self._later else self._first
