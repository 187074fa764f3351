"""How much of its metric a net loses when single layers are pruned, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from paddlex_restful.jobs.files import read_json, write_atomically
from paddlex_restful.training.pruning.pruner import Pruner

RATIOS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""The shares of a layer's channels that are taken out to see what is lost."""

_PLOTTED = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
"""Losses for which it is told how much can be removed."""

_SLOPE = 1e-3
"""Loss that a whole layer costs at least. Without it layers that cost nothing, as all do where the metric is flat,
would be taken as far as was measured before any other is touched."""


@dataclass
class Sensitivities:
    """What was measured of one checkpoint.

    Attributes:
        digest: SHA-256 of the checkpoint's weights.
        metric: name of the figure.
        baseline: its value for the whole net.
        losses: by layer, the relative loss of the metric by the share of the channels that was taken out.
    """

    digest: str
    metric: str
    baseline: float
    losses: dict[str, dict[float, float]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Sensitivities | None:
        """What a file holds; None where there is none, or none that is whole."""
        content = read_json(file)
        if content is None:
            return None
        losses = {
            name: {float(ratio): float(loss) for ratio, loss in layer.items()}
            for name, layer in content["layers"].items()
        }
        return cls(content["digest"], content["metric"], float(content["baseline"]), losses)

    def write(self, file: Path, pruner: Pruner) -> None:
        """Write what was measured, and the plot that follows from it, for the server to read.

        Raises:
            OSError: it cannot be written.
        """
        content: dict[str, Any] = {
            "digest": self.digest,
            "metric": self.metric,
            "baseline": self.baseline,
            "layers": self.losses,
            "channels": {group.name: len(group.channels) for group in pruner.groups},
            "curve": [[loss, share] for loss, share in self.curve(pruner)],
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, content, durable=True)

    def missing(self, pruner: Pruner) -> list[tuple[str, float]]:
        """Layers and shares of their channels that are still to be measured."""
        return [
            (group.name, ratio)
            for group in pruner.groups
            for ratio in RATIOS
            if ratio not in self.losses.get(group.name, {})
        ]

    def ratios(self, loss: float) -> dict[str, float]:
        """Of each layer the largest share of its channels whose removal, alone, costs at most this loss.

        Between what was measured lies a straight line, and more channels never cost less than fewer.
        """
        return {name: _largest(layer, loss) for name, layer in self.losses.items() if layer}

    def highest(self) -> float:
        """A loss that allows everything that was measured."""
        return max((_costs(layer)[1][-1] for layer in self.losses.values() if layer), default=0.0)

    def curve(self, pruner: Pruner) -> list[tuple[float, float]]:
        """For some losses allowed to each layer, the share of the FLOPs that can be removed."""
        return [(loss, pruner.removed_share(pruner.count(self.ratios(loss)))) for loss in _PLOTTED]


def _largest(losses: Mapping[float, float], allowed: float) -> float:
    ratios, costs = _costs(losses)
    return float(np.interp(allowed, [0.0, *costs], [0.0, *ratios]))


def _costs(losses: Mapping[float, float]) -> tuple[list[float], list[float]]:
    """The measured shares of a layer, and what each costs, rising strictly."""
    ratios = sorted(losses)
    costs = np.maximum.accumulate([max(0.0, losses[ratio]) for ratio in ratios]) + _SLOPE * np.array(ratios)
    return ratios, costs.tolist()
