"""Nets traced as programs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import paddle
from paddle.jit.dy2static.utils import get_temp_dir


class AsItRuns(paddle.nn.Layer):  # type: ignore[misc]
    """A net and what comes after it, for tracing: its Python code is run as it is.

    No branch in a net depends on the values of tensors, so that the rewriting of Python code that paddle does else
    would only take time, three quarters of all that an export of a classifier takes.

    Args:
        net: in the mode in which it is to be traced.
        answer: from images [N, 3, H, W] to what is wanted of the net, which it calls.
    """

    def __init__(self, net: paddle.nn.Layer, answer: Callable[[paddle.Tensor], Any]) -> None:
        super().__init__()
        self.net = net
        self._answer = answer

    def forward(self, x: paddle.Tensor) -> Any:
        """What ``answer`` gives."""
        return self._run(x)

    @paddle.jit.not_to_static  # type: ignore[untyped-decorator]
    def _run(self, x: paddle.Tensor) -> Any:
        return self._answer(x)


@contextmanager
def traced(layer: paddle.nn.Layer, inputs: Sequence[Any]) -> Iterator[Any]:
    """A net as ``paddle.jit.to_static`` makes it; it is traced when it is saved or its program is asked for.

    Args:
        layer: in the mode in which it is to be traced.
        inputs: names, shapes and types of what it is called with.
    """
    try:
        yield paddle.jit.to_static(layer, input_spec=list(inputs), full_graph=True)
    finally:
        # Paddle removes the sources that it generates when its process exits, which a job's does not in the usual way.
        shutil.rmtree(get_temp_dir(), ignore_errors=True)
