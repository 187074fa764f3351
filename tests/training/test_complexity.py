"""What is counted of a net."""

from __future__ import annotations

from collections.abc import Callable

import paddle
import pytest

from paddlex_restful.training import complexity


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (lambda: paddle.nn.Conv2D(8, 6, 3, padding=1, groups=2), (1, 8, 5, 7), 6 * 5 * 7 * 4 * 9),
        (lambda: paddle.nn.Conv2DTranspose(8, 6, 2, stride=2), (1, 8, 5, 7), 8 * 5 * 7 * 6 * 4),
        (lambda: paddle.nn.Linear(8, 3), (1, 5, 8), 5 * 8 * 3),
        (lambda: paddle.nn.BatchNorm2D(8), (1, 8, 5, 7), 0),
    ],
)
def test_multiplications_are_counted(
    layer: Callable[[], paddle.nn.Layer], shape: tuple[int, ...], expected: int
) -> None:
    net = paddle.nn.Sequential(layer())
    given = paddle.zeros(shape)
    assert complexity.flops(net, lambda: net(given)) == expected
    assert complexity.flops(net, lambda: (net(given), net(given))) == 2 * expected


def test_running_figures_of_normalisations_are_no_parameters() -> None:
    assert complexity.parameters(paddle.nn.Sequential(paddle.nn.Conv2D(3, 4, 1), paddle.nn.BatchNorm2D(4))) == 16 + 8
