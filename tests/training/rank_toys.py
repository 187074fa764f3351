"""Trainings in several processes on a net whose result does not depend on how a batch is shared."""

from __future__ import annotations

from typing import Any

import paddle

from paddlex_restful.jobs import launcher
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training import train
from paddlex_restful.training.classification import nets


class Plain(paddle.nn.Layer):  # type: ignore[misc]
    """Without batch normalisation and dropout; one layer is never used and stays without a gradient."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body = paddle.nn.Sequential(
            paddle.nn.Conv2D(3, 8, 5, stride=4), paddle.nn.ReLU(), paddle.nn.Flatten(), paddle.nn.Linear(392, classes)
        )
        self.unused = paddle.nn.Linear(2, 2)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.body(images)


def build_plain(model: str, classes: int) -> paddle.nn.Layer:
    return Plain(classes)


def run(context: JobContext) -> dict[str, Any] | None:
    """The job ``train`` with ``Plain`` in place of each net."""
    nets.build_net = build_plain
    if context.args["processes"] > 1:
        return launcher.run(context, f"{__name__}:run_rank", context.args["processes"])
    return train.run(context)


def run_rank(context: JobContext) -> dict[str, Any]:
    """One of the processes of ``run``."""
    nets.build_net = build_plain
    return train.run_rank(context)
