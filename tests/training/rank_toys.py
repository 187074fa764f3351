"""Trainings in several processes on a net whose result does not depend on how a batch is shared."""

from __future__ import annotations

import os
import signal
from typing import Any

import paddle

from paddlex_restful.jobs import launcher
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training import train
from paddlex_restful.training.classification import nets
from paddlex_restful.training.parallel import World


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


def average(context: JobContext) -> list[Any]:
    """Means of gradients that both ranks have, that only the second one has, and that neither has."""
    world = World.join(2, context.check_stop)
    common, lone, unused = (paddle.create_parameter([2], "float32") for _ in range(3))
    frozen = paddle.create_parameter([2], "float32")
    frozen.stop_gradient = True
    loss = (common * (world.rank + 1)).sum()
    if world.rank == 1:
        loss = loss + (lone * 8).sum()
    loss.backward()
    parameters = [common, lone, unused, frozen]
    world.average_gradients(parameters)
    return [None if parameter.grad is None else parameter.grad.tolist() for parameter in parameters]


def first_says(context: JobContext) -> list[bool]:
    world = World.join(2, context.check_stop)
    heard = [world.meet(said if world.is_first else not said) for said in (True, False, True)]
    # The first one tells what the second one heard, from the numbers that both add up.
    total = world.mean(paddle.to_tensor([float(each) for each in heard]))
    return [bool(each) for each in total.tolist() if each in (0, 1)]


def leave_the_other_waiting(context: JobContext) -> None:
    world = World.join(2, context.check_stop)
    world.meet()
    if world.is_first:
        os.kill(os.getpid(), signal.SIGKILL)
    world.meet()
