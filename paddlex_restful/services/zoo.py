"""The table of models that tasks can name, and which of them to take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paddlex_restful.params.published import Published, published
from paddlex_restful.params.zoo import Model, Variant, read_zoo
from paddlex_restful.services.datasets import checked_type


def models(project_type: str | None) -> list[Model]:
    """The models of a project type, the default first; of all types where none is named.

    Raises:
        UserError: there is no such type, or it cannot be trained.
    """
    if project_type is None:
        return read_zoo()
    known = checked_type(project_type, "type")
    return [model for model in read_zoo() if model["type"] == known]


@dataclass(frozen=True)
class Net:
    """A model on one backbone.

    Attributes:
        model: its name.
        variant: the backbone and what was measured.
        known: what was published.
    """

    model: str
    variant: Variant
    known: Published

    @property
    def key(self) -> str:
        """A name that no other net of its type has."""
        return _key(self.model, self.variant["backbone"])


def _key(model: str, backbone: str | None) -> str:
    return f"{model}/{backbone}" if backbone else model


def nets(project_type: str) -> list[Net]:
    """The models of a project type on each of their backbones, the default first.

    Raises:
        UserError: there is no such type.
    """
    return [
        Net(model["model"], variant, published(model["model"], variant["backbone"]))
        for model in models(project_type)
        for variant in model["variants"]
    ]


def net_key(project_type: str, params: Mapping[str, Any]) -> str:
    """The ``key`` of the net that training parameters name.

    Args:
        project_type: of the task.
        params: its training parameters.
    """
    key = _key(params["model"], params.get("backbone"))
    # A segmentation net with its own backbone takes the name of another and leaves it unread.
    return key if any(net.key == key for net in nets(project_type)) else str(params["model"])


@dataclass(frozen=True)
class Advice:
    """Which nets to take. Where there are too few to choose from, some are the same.

    Attributes:
        small: computes least.
        balanced: gains most accuracy for what it computes.
        accurate: is the most accurate.
    """

    small: Net
    balanced: Net
    accurate: Net


def advice(project_type: str) -> Advice:
    """Which nets to take, among those that have published weights and a published accuracy.

    Balanced is the one that lies highest above the line from small to accurate, where accuracy is drawn against the
    logarithm of the computations.

    Raises:
        UserError: there is no such type.
    """
    candidates = [net for net in nets(project_type) if net.variant["weights"] and net.known.accuracy is not None]
    small = min(candidates, key=lambda net: (net.variant["gflops"], -_accuracy(net)))
    accurate = max(candidates, key=lambda net: (_accuracy(net), -net.variant["gflops"]))
    span = _cost(accurate) - _cost(small)
    gain = _accuracy(accurate) - _accuracy(small)

    def above(net: Net) -> float:
        share = (_cost(net) - _cost(small)) / span if span > 0 else 0.0
        return _accuracy(net) - gain * share

    between = [net for net in candidates if _cost(small) <= _cost(net) <= _cost(accurate)]
    return Advice(small, max(between, key=above), accurate)


def _accuracy(net: Net) -> float:
    return net.known.accuracy or 0.0


def _cost(net: Net) -> float:
    return math.log(net.variant["gflops"])
