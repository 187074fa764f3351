"""Depthwise convolutions of small maps as products of matrices.

Paddle's kernel for the processor (3.1.1) spends some 2 microseconds on each channel of each image, whatever its size,
and twice that on its gradients: most of the step of a small net whose last maps have a few pixels. A convolution is a
product with a matrix that has the kernel's weights where an input pixel counts for an output pixel (a Toeplitz matrix
in one dimension). For small maps that is some ten times as fast, forwards and backwards, with answers equal up to
rounding.
"""

from __future__ import annotations

from functools import lru_cache
from types import MethodType
from typing import TypeVar

import numpy as np
import paddle
from numpy.typing import NDArray

Net = TypeVar("Net", bound=paddle.nn.Layer)

_MOST_PRODUCTS = 16_000
"""For each channel of an image: beyond, paddle's own kernel is as fast."""


def quicken(net: Net) -> Net:
    """Have each depthwise convolution of a net computed in the faster way, whichever that is for what it is given.

    Args:
        net: any; it stays the same otherwise.

    Returns:
        The net.
    """
    for layer in net.sublayers(include_self=True):
        if type(layer) is paddle.nn.Conv2D and _is_plain_depthwise(layer):
            # Not by a class of our own, for quantisation looks for this one.
            layer.forward = MethodType(_forward, layer)
    return net


def _forward(layer: paddle.nn.Conv2D, x: paddle.Tensor) -> paddle.Tensor:
    """From [N, C, H, W] to [N, C, H', W']."""
    if not (paddle.in_dynamic_mode() and x.place.is_cpu_place() and x.dtype == paddle.float32):
        return type(layer).forward(layer, x)
    number, channels, height, width = x.shape
    (rows, columns), (down, across) = layer._kernel_size, layer._stride
    above, aside = _pair(layer._padding)
    out_height, out_width = (height + 2 * above - rows) // down + 1, (width + 2 * aside - columns) // across + 1
    taps, seen, made = rows * columns, height * width, out_height * out_width
    if not number or seen * made * (number + taps) > _MOST_PRODUCTS * number:
        return type(layer).forward(layer, x)
    places = _places((height, width), (rows, columns), (down, across), (above, aside))
    matrices = paddle.matmul(layer.weight.reshape([channels, taps]), places).reshape([channels, seen, made])
    found = paddle.matmul(x.reshape([number, channels, seen]).transpose([1, 0, 2]), matrices)
    found = found.transpose([1, 0, 2]).reshape([number, channels, out_height, out_width])
    return found if layer.bias is None else found + layer.bias.reshape([1, channels, 1, 1])


def _is_plain_depthwise(layer: paddle.nn.Conv2D) -> bool:
    padding = layer._padding
    return (
        layer._groups == layer._in_channels == layer._out_channels > 1
        and set(_pair(layer._dilation)) == {1}
        and layer._padding_mode == "zeros"
        and layer._data_format == "NCHW"
        and (isinstance(padding, int) or (len(padding) == 2 and all(isinstance(side, int) for side in padding)))
    )


def _pair(value: int | list[int] | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


@lru_cache(maxsize=64)
def _places(
    size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> paddle.Tensor:
    """1 where a tap of a kernel multiplies an input pixel for an output pixel: [taps, inputs * outputs]."""
    along = [_along(*axis) for axis in zip(size, kernel, stride, padding, strict=True)]
    whole = np.einsum("aio,bjp->abijop", *along)
    return paddle.to_tensor(whole.reshape(kernel[0] * kernel[1], -1))


def _along(size: int, kernel: int, stride: int, padding: int) -> NDArray[np.float32]:
    """The same along one axis: [taps, inputs, outputs]."""
    outputs = (size + 2 * padding - kernel) // stride + 1
    inputs = np.arange(outputs) * stride - padding + np.arange(kernel)[:, None]
    found: NDArray[np.float32] = (inputs[:, None, :] == np.arange(size)[:, None]).astype(np.float32)
    return found
