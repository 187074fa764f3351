"""Depthwise convolutions as products of matrices, against paddle's own."""

from __future__ import annotations

from types import MethodType
from typing import Any

import numpy as np
import paddle
import pytest

from paddlex_restful.training import depthwise
from paddlex_restful.training.depthwise import quicken


def convolution(channels: int = 6, kernel: Any = 3, **options: Any) -> paddle.nn.Conv2D:
    return paddle.nn.Conv2D(channels, channels, kernel, groups=channels, **options)


def is_quickened(layer: paddle.nn.Layer) -> bool:
    return isinstance(layer.forward, MethodType) and layer.forward.__func__ is depthwise._forward


def answered(layer: paddle.nn.Layer, images: np.ndarray) -> list[np.ndarray]:
    """What a layer gives, and the gradients of its input and of its weights."""
    x = paddle.to_tensor(images, stop_gradient=False)
    layer.clear_gradients()
    found = layer(x)
    (found * paddle.arange(found.size, dtype="float32").reshape(found.shape)).sum().backward()
    return [found.numpy(), x.grad.numpy(), *(weight.grad.numpy() for weight in layer.parameters())]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes each time that paddle's own kernel is used."""
    used: list[int] = []
    plain = paddle.nn.Conv2D.forward

    def forward(layer: paddle.nn.Conv2D, x: paddle.Tensor) -> paddle.Tensor:
        used.append(1)
        return plain(layer, x)

    monkeypatch.setattr(paddle.nn.Conv2D, "forward", forward)
    return used


@pytest.mark.parametrize(
    ("kernel", "options", "size"),
    [
        (3, {"padding": 1}, (8, 8)),
        (5, {"padding": 2, "stride": 2}, (7, 9)),
        ((3, 5), {"padding": (1, 2), "stride": (2, 1)}, (6, 5)),
        (3, {}, (4, 3)),
        (5, {"padding": 2, "bias_attr": False}, (1, 2)),
    ],
)
def test_answers_and_gradients_are_those_of_paddle(
    kernel: Any, options: dict[str, Any], size: tuple[int, int], refused: list[int]
) -> None:
    paddle.seed(0)
    layer = convolution(kernel=kernel, **options)
    images = np.random.default_rng(0).standard_normal((8, 6, *size)).astype(np.float32)
    expected = answered(layer, images)
    assert refused
    refused.clear()
    found = answered(quicken(layer), images)
    assert not refused
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-4 * float(np.abs(theirs).max()))


@pytest.mark.parametrize("shape", [(8, 6, 40, 40), (1, 6, 8, 8), (0, 6, 4, 4)])
def test_paddle_computes_large_maps_and_single_images(shape: tuple[int, ...], refused: list[int]) -> None:
    quicken(convolution(padding=1))(paddle.zeros(shape))
    assert refused


@pytest.mark.parametrize(
    "layer",
    [
        paddle.nn.Conv2D(4, 4, 3),
        paddle.nn.Conv2D(4, 8, 3, groups=4),
        convolution(dilation=2),
        convolution(padding="SAME"),
        convolution(padding=1, padding_mode="reflect"),
        convolution(padding=[1, 0, 1, 0]),
        paddle.nn.Conv2DTranspose(4, 4, 3, groups=4),
    ],
)
def test_other_convolutions_stay_as_they_are(layer: paddle.nn.Layer) -> None:
    quicken(paddle.nn.Sequential(layer))
    assert not is_quickened(layer)


def test_those_inside_a_net_are_found() -> None:
    inner = convolution(padding=1)
    quicken(paddle.nn.Sequential(paddle.nn.Sequential(inner)))
    assert is_quickened(inner)
