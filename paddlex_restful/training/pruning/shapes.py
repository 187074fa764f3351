"""Nets whose parameters are smaller than they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

Shapes = dict[str, list[int]]
"""Of parameters, by their names in the net."""


def give_shapes(net: paddle.nn.Layer, shapes: Mapping[str, Sequence[int]]) -> None:
    """Make a fresh net one that lacks channels, in place; the weights that it loses mean nothing.

    Args:
        net: whole.
        shapes: of the parameters that are smaller; they may come from strangers.

    Raises:
        ValueError: there is no such parameter, or it is smaller than that.
    """
    parameters, layers = dict(net.named_parameters()), owners(net)
    for name, shape in shapes.items():
        whole = tuple(parameters[name].shape) if name in parameters else ()
        if len(shape) != len(whole) or not all(0 < side <= most for side, most in zip(shape, whole, strict=True)):
            raise ValueError(f"{name} cannot have the shape {list(shape)}")
        set_parameter(layers[name], parameters[name], np.zeros(tuple(shape), parameters[name].numpy().dtype))


def owners(net: paddle.nn.Layer) -> dict[str, paddle.nn.Layer]:
    """The layer that has each parameter, by the parameter's name."""
    return {
        f"{prefix}.{name}" if prefix else name: layer
        for prefix, layer in net.named_sublayers(include_self=True)
        for name, _parameter in layer.named_parameters(include_sublayers=False)
    }


def set_parameter(owner: paddle.nn.Layer, parameter: paddle.Tensor, weight: NDArray[Any]) -> None:
    """Give a parameter other values, of another shape.

    Args:
        owner: its layer. A depthwise convolution has as many groups as channels then.
        parameter: what is changed.
        weight: the values.
    """
    # ``set_value`` would insist on the shape.
    place = paddle.framework._current_expected_place()
    parameter.value().get_tensor().set(np.ascontiguousarray(weight), place)
    if isinstance(owner, paddle.nn.Conv2D) and owner._groups > 1 and weight.ndim > 1:
        owner._groups = len(weight)
