"""How many channels each layer gives up."""

from __future__ import annotations

import functools
import itertools

import pytest

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training.pruning import plan
from paddlex_restful.training.pruning.pruner import Pruner
from paddlex_restful.training.pruning.sensitivities import RATIOS, Sensitivities
from tests.training.pruning.nets import build, pruner


@functools.cache
def cut() -> Pruner:
    return pruner("classification", build("classification", "MobileNetV3_small", None, 32), 32)


def measured(steepness: float) -> Sensitivities:
    """Layers that cost the more the later they come."""
    losses = {
        group.name: {ratio: steepness * ratio**2 * (1 + number) for ratio in RATIOS}
        for number, group in enumerate(cut().groups)
    }
    return Sensitivities("", "acc1", 0.9, losses)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("steepness", [None, 0.0, 0.01, 1.0])
def test_the_asked_share_of_the_flops_goes(share: float, steepness: float | None) -> None:
    sensitivities = None if steepness is None else measured(steepness)
    counts = plan.for_flops(cut(), share, sensitivities)
    assert cut().removed_share(counts) == pytest.approx(share, rel=0.02)


def test_no_layer_is_emptied_where_the_metric_is_flat() -> None:
    counts = plan.for_flops(cut(), 0.3, measured(0.0))
    sizes = {group.name: len(group.channels) for group in cut().groups}
    assert max(number / sizes[name] for name, number in counts.items()) < 0.5


def test_layers_that_cost_less_lose_more() -> None:
    counts = plan.for_flops(cut(), 0.3, measured(0.05))
    shares = [counts[group.name] / len(group.channels) for group in cut().groups]
    assert shares[0] > 2 * shares[-1]


def test_more_than_there_is_cannot_go() -> None:
    with pytest.raises(JobFailed, match=r"remove 99% of the FLOPs, but at most \d+%"):
        plan.for_flops(cut(), 0.99, None)


def test_a_loss_that_is_allowed_says_how_much_goes() -> None:
    sensitivities = measured(1.0)
    little, much = (cut().removed_share(plan.for_loss(cut(), sensitivities, loss)) for loss in (0.05, 0.5))
    assert 0 < little < much
    with pytest.raises(JobFailed, match="no layer can lose a channel"):
        plan.for_loss(cut(), sensitivities, 1e-9)


def test_the_curve_rises() -> None:
    curve = measured(0.1).curve(cut())
    assert curve[0] == (0.0, 0.0)
    assert all(before[1] <= after[1] for before, after in itertools.pairwise(curve))
    assert curve[-1][1] > 0.8
