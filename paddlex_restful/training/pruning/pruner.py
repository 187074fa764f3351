"""A net without some of its channels: which go first, what that saves, and the net without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import pruning as messages
from paddlex_restful.training.adapters import Training, adapter
from paddlex_restful.training.complexity import layer_flops
from paddlex_restful.training.pruning.channels import Channels, Group, Ids, Place, find_channels
from paddlex_restful.training.pruning.shapes import Shapes, owners, set_parameter

Counts = Mapping[str, int]
"""How many channels a group loses, by its name; those not named keep all."""

_TINY = 1e-12


class Pruner:
    """Takes channels out of a net, and puts them back.

    The channels of a group go in the order of their filters' L1 norms, the smallest first (Li et al., "Pruning Filters
    for Efficient ConvNets", 2017). Where a channel is one of several convolutions, each norm counts relative to the
    mean of its convolution.

    Args:
        net: whole, with the weights by which channels are chosen.
        channels: of the net.
        layer_flops: of the whole net, by the names of the layers' weights; see ``complexity.layer_flops``.

    Attributes:
        groups: what can be pruned.
        flops: of the whole net.
    """

    def __init__(self, net: paddle.nn.Layer, channels: Channels, layer_flops: Mapping[str, int]) -> None:
        self.groups = channels.groups
        self.flops = sum(layer_flops.values())
        self._parameters = dict(net.named_parameters())
        self._owners = owners(net)
        self._places = channels.places
        self._orders = {group.name: self._order(group) for group in channels.groups}
        self._touched: dict[str, list[Place]] = {
            group.name: [place for place, ids in channels.places.items() if np.isin(ids, group.channels).any()]
            for group in channels.groups
        }
        self._flops = dict(layer_flops)
        self._whole: dict[str, NDArray[Any]] = {}

    def _order(self, group: Group) -> Ids:
        """The channels that may go, the one that is missed least first."""
        scores = np.zeros(len(group.channels))
        for name, axis in group.convolutions:
            weight = np.abs(self._parameters[name].numpy())
            norms = weight.sum(axis=tuple(other for other in range(weight.ndim) if other != axis))
            ids = self._places[name, axis]
            free = np.isin(ids, group.channels)
            np.add.at(scores, np.searchsorted(group.channels, ids[free]), norms[free] / max(norms.mean(), _TINY))
        ranked = np.argsort(scores, kind="stable")
        # The best channel of each convolution stays. They need not have all in common: some may be concatenated.
        best = {
            int(ranked[np.isin(group.channels[ranked], self._places[place])][-1])
            for place in group.convolutions
            if np.isin(self._places[place], group.channels).any()
        }
        return group.channels[[number for number in ranked.tolist() if number not in best]]

    def removed(self, counts: Counts) -> Ids:
        """The channels that go."""
        parts = [self._orders[name][:number] for name, number in counts.items()]
        return np.concatenate([*parts, np.empty(0, np.int64)])

    def count(self, ratios: Mapping[str, float]) -> dict[str, int]:
        """How many channels are these shares of groups; one of each convolution stays at least."""
        sizes = {group.name: len(group.channels) for group in self.groups}
        return {name: min(len(self._orders[name]), round(ratio * sizes[name])) for name, ratio in ratios.items()}

    def _places_of(self, counts: Counts) -> set[Place]:
        return {place for group in counts for place in self._touched[group]}

    def removed_share(self, counts: Counts) -> float:
        """The share of the FLOPs that goes with channels."""
        return 1 - self.remaining_flops(counts) / self.flops

    def remaining_flops(self, counts: Counts) -> float:
        """FLOPs of the net without channels, computed from those of the whole one."""
        removed = self.removed(counts)
        shares: dict[str, float] = {}
        for name, axis in self._places_of(counts):
            if name in self._flops:
                gone = float(np.isin(self._places[name, axis], removed).mean())
                shares[name] = shares.get(name, 1.0) * (1.0 - gone)
        return self.flops - sum(self._flops[name] * (1.0 - share) for name, share in shares.items())

    def apply(self, counts: Counts) -> None:
        """Take channels out of the whole net, in place."""
        removed = self.removed(counts)
        for name, axis in self._places_of(counts):
            weight = self._parameters[name].numpy()
            self._whole.setdefault(name, weight)
            self._set(name, np.compress(~np.isin(self._places[name, axis], removed), weight, axis=axis))

    def restore(self) -> None:
        """Put all channels back, with the weights that they had."""
        for name, weight in self._whole.items():
            self._set(name, weight)
        self._whole.clear()

    def shapes(self) -> Shapes:
        """Of the parameters that are smaller now."""
        return {name: list(self._parameters[name].shape) for name in sorted(self._whole)}

    def _set(self, name: str, weight: NDArray[Any]) -> None:
        set_parameter(self._owners[name], self._parameters[name], weight)


def pruner_of(training: Training, args: Mapping[str, Any]) -> Pruner:
    """The pruner of a training's net, with the weights that it has.

    Args:
        training: of the net.
        args: of the job: ``type`` and ``params``.

    Raises:
        JobFailed: it has no channels that could be removed.
    """
    height, width = (int(side) for side in args["params"]["image_shape"])
    outputs = adapter(args["type"]).outputs(training.net)
    channels = find_channels(training.net, outputs, height, width)
    if not channels.groups:
        raise JobFailed("pruning", messages.NOTHING_TO_PRUNE, model=training.info["model"])
    image = paddle.zeros([1, 3, height, width])
    return Pruner(training.net, channels, layer_flops(training.net, lambda: outputs(image)))
