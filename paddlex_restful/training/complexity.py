"""How large a net is and how much it computes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import paddle

_MOST_OBJECTS = {"bbox_head": 1000, "mask_head": 100}
"""Parts of the RCNN family that look at single proposals or objects, and at how many they look at most."""


def flops(net: paddle.nn.Layer, forward: Callable[[], object]) -> int:
    """How much a net computes in evaluation mode; see ``layer_flops``."""
    return sum(layer_flops(net, forward).values())


def layer_flops(net: paddle.nn.Layer, forward: Callable[[], object]) -> dict[str, int]:
    """How much each layer of a net computes: multiplications, each with its addition counted as one.

    Counted are convolutions, linear layers and the products inside attention; not counted are normalisations,
    activations, and the choice among what was found. Parts that look at single objects are counted as for the most
    objects that they are given.

    Args:
        net: with fresh weights or others; they do not matter. It is brought into evaluation mode.
        forward: gives it an image.

    Returns:
        By the name of the layer's weight; attention by its layer's name.
    """
    counts: dict[str, int] = {}
    hooks = [
        layer.register_forward_post_hook(
            _adder(counts, _name(name, layer), count, _MOST_OBJECTS.get(name.partition(".")[0]))
        )
        for name, layer in net.named_sublayers()
        if (count := _counter(layer)) is not None
    ]
    net.eval()
    with paddle.no_grad():
        forward()
    for hook in hooks:
        hook.remove()
    return counts


def parameters(net: paddle.nn.Layer) -> int:
    """How many numbers a net learns; the running figures of normalisations are none of them."""
    running = ("._mean", "._variance")
    return sum(math.prod(weight.shape) for name, weight in net.named_parameters() if not name.endswith(running))


_Count = Callable[[paddle.nn.Layer, paddle.Tensor, paddle.Tensor], int]


def _name(layer_name: str, layer: paddle.nn.Layer) -> str:
    return f"{layer_name}.weight" if hasattr(layer, "weight") else layer_name


def _adder(counts: dict[str, int], name: str, count: _Count, most: int | None) -> Callable[..., None]:
    def add(layer: paddle.nn.Layer, inputs: tuple[Any, ...], output: paddle.Tensor) -> None:
        number = count(layer, inputs[0], output)
        counts[name] = counts.get(name, 0) + (number if most is None else number // output.shape[0] * most)

    return add


def _counter(layer: paddle.nn.Layer) -> _Count | None:
    """What counts the multiplications of a layer; None for one that is not counted."""
    if isinstance(layer, (paddle.nn.Conv2D, paddle.vision.ops.DeformConv2D)):
        return lambda layer, _input, output: output.size * math.prod(layer.weight.shape[1:])
    if isinstance(layer, paddle.nn.Conv2DTranspose):
        return lambda layer, given, _output: given.size * math.prod(layer.weight.shape[1:])
    if isinstance(layer, paddle.nn.Linear):
        return lambda layer, _input, output: output.size * layer.weight.shape[0]
    # paddleseg's attention of SegFormer: each place asks the places of a map that is smaller by sr_ratio, twice.
    if hasattr(layer, "sr_ratio") and hasattr(layer, "kv"):
        return lambda layer, given, output: 2 * output.size * (given.shape[1] // layer.sr_ratio**2)
    return None
