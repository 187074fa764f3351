"""Nets traced as programs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import paddle
from paddle.jit.dy2static.utils import get_temp_dir


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
