"""Learning rates against values worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training.schedules import schedule


def rates(steps: int, count: int, **params: Any) -> list[float]:
    rate = schedule({"learning_rate": 0.1, "num_epochs": 4, **params}, steps)
    return [rate(step) for step in range(count)]


def test_piecewise_falls_to_a_tenth_after_each_named_epoch() -> None:
    assert rates(2, 8, lr_policy="Piecewise", lr_decay_epochs=[1, 3]) == pytest.approx(
        [0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.001, 0.001]
    )


def test_linear_falls_along_a_line_to_zero() -> None:
    assert rates(1, 5, lr_policy="Linear") == pytest.approx([0.1, 0.075, 0.05, 0.025, 0.0])


def test_cosine_falls_along_half_a_cosine() -> None:
    expected = [0.1, 0.05 * (1 + math.sqrt(0.5)), 0.05, 0.05 * (1 - math.sqrt(0.5)), 0.0]
    assert rates(1, 5, lr_policy="Cosine") == pytest.approx(expected)


def test_polynomial_falls_with_the_power_0_9() -> None:
    assert rates(1, 5, lr_policy="Polynomial") == pytest.approx(
        [0.1, 0.1 * 0.75**0.9, 0.1 * 0.5**0.9, 0.1 * 0.25**0.9, 0]
    )


def test_the_warm_up_climbs_and_the_policy_falls_over_the_steps_that_are_left() -> None:
    got = rates(2, 9, lr_policy="Linear", warmup_steps=4, warmup_start_lr=0.02)
    assert got == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1, 0.075, 0.05, 0.025, 0.0])


def test_piecewise_keeps_its_epochs_behind_a_warm_up() -> None:
    got = rates(2, 6, lr_policy="Piecewise", lr_decay_epochs=[2], warmup_steps=2)
    assert got == pytest.approx([0.0, 0.05, 0.1, 0.1, 0.01, 0.01])


def test_a_warm_up_longer_than_the_training_only_climbs() -> None:
    assert rates(1, 4, lr_policy="Cosine", warmup_steps=8) == pytest.approx([0.0, 0.0125, 0.025, 0.0375])


def test_an_unknown_policy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(JobFailed, match="Piecewise, Linear, Cosine, Polynomial"):
        rates(1, 1, lr_policy="Step")
