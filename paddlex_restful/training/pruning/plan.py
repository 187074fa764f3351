"""How many channels each layer of a net gives up for an asked share of the FLOPs or an allowed loss."""

from __future__ import annotations

from collections.abc import Mapping

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import pruning as messages
from paddlex_restful.training.pruning.pruner import Counts, Pruner
from paddlex_restful.training.pruning.sensitivities import RATIOS, Sensitivities

_HALVINGS = 40
_MOST_CHANNELS = 200
"""Single channels with which the last distance is bridged."""


def for_loss(pruner: Pruner, sensitivities: Sensitivities, loss: float) -> Counts:
    """As many channels of each layer as alone cost at most this relative loss of the metric.

    Raises:
        JobFailed: every layer costs more.
    """
    counts = pruner.count(sensitivities.ratios(loss))
    if not any(counts.values()):
        raise JobFailed("pruning", messages.NOTHING_AT_THIS_LOSS, loss=loss)
    return counts


def for_flops(pruner: Pruner, share: float, sensitivities: Sensitivities | None) -> Counts:
    """Channels with about this share of the FLOPs: the same loss to each layer, or the same share where unmeasured.

    Args:
        pruner: of the net.
        share: of the whole net's FLOPs, to be removed; more than 0 and less than 1.
        sensitivities: of the net; None where they were not measured.

    Raises:
        JobFailed: so much cannot be removed.
    """
    names = [group.name for group in pruner.groups]

    def counts_at(level: float) -> dict[str, int]:
        if sensitivities is None:
            return pruner.count(dict.fromkeys(names, level * RATIOS[-1]))
        # Losses beyond that of all that was measured change nothing.
        return pruner.count(sensitivities.ratios(level * highest))

    highest = 1.0 if sensitivities is None else sensitivities.highest()
    low, high = 0.0, 1.0
    most = pruner.removed_share(counts_at(high))
    if most < share:
        raise JobFailed("pruning", messages.TOO_MUCH, share=share, most=most)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if pruner.removed_share(counts_at(middle)) < share:
            low = middle
        else:
            high = middle
    return _closest(pruner, counts_at(low), counts_at(high), share)


def _closest(pruner: Pruner, fewer: dict[str, int], more: dict[str, int], share: float) -> Counts:
    """Between two neighbouring plans, of which one removes too little and one enough."""
    counts = dict(fewer)

    def distance(candidate: Mapping[str, int]) -> float:
        return abs(pruner.removed_share(candidate) - share)

    best = distance(counts)
    for _ in range(_MOST_CHANNELS):
        candidates = [counts | {name: counts[name] + 1} for name in counts if counts[name] < more[name]]
        if not candidates:
            break
        nearest = min(candidates, key=distance)
        if distance(nearest) >= best:
            break
        counts, best = nearest, distance(nearest)
    return counts
