"""The batch size that makes use of a GPU's memory, found by trying.

A step takes at most twice the memory with twice the images. So the batch is doubled for as long as twice of what its
steps took at most still fits, and no larger one is ever tried. The learning rate grows with the batch, and the warm-up
keeps its images (Goyal et al., Accurate, Large Minibatch SGD, 2017).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import paddle

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.training.adapters import Training
from paddlex_restful.training.parallel import World
from paddlex_restful.training.precision import Precision

_SHARE = 0.9
"""Of the memory that may be taken: some is left for batches with more objects, and for what paddle cannot reuse."""

_TRIED_STEPS = 3
"""Steps with each size: images differ in what is on them."""

_LEAST_STEPS = 10
"""Steps that an epoch keeps: with fewer a net learns little of it."""

_MOST = 16
"""Times the batch that was asked for: beyond, neither the learning rate nor the machine's own memory can follow."""

_OPTIMIZER_COPIES = 2
"""Values that an optimiser may keep for each weight, from its first step on, which is not tried."""


class GpuMemory:
    """The memory of the GPU in use, in bytes.

    Attributes:
        available: what this process may take, with what it has taken.

    Raises:
        JobFailed: the processor is in use.
    """

    def __init__(self) -> None:
        device = paddle.device.get_device()
        if not device.startswith("gpu"):
            raise JobFailed("auto_batch_size", messages.NO_GPU_FOR_BATCH_SIZE, device=device)
        self.available = int(paddle.base.core.gpu_memory_available()) + int(paddle.device.cuda.memory_reserved())

    @property
    def most_taken(self) -> int:
        """What tensors took at most, at one time, since the start of the process."""
        return int(paddle.device.cuda.max_memory_allocated())


def choose(
    training: Training, memory: GpuMemory, precision: Precision, world: World, check_stop: Callable[[], None]
) -> int:
    """Doubles the batch for as long as it fits, and epochs keep ten steps; the net stays as it was.

    Args:
        training: its batch size is the least that is used; it is given the one that is found.
        memory: of the GPU.
        precision: of the training steps.
        world: the processes that train together; they do what the first one finds.
        check_stop: called between steps; what it raises ends the trials.

    Returns:
        How many times larger the batch is.
    """
    weights = sum(parameter.size * parameter.element_size() for parameter in training.net.parameters())
    allowed = _SHARE * memory.available - _OPTIMIZER_COPIES * weights
    # What a forward pass changes: the means and variances of batch normalisation.
    kept = [(tensor, tensor.clone()) for tensor in training.net.state_dict().values() if tensor.stop_gradient]
    factor = 1
    training.net.train()
    while factor < _MOST and world.steps(training.samples, 2 * training.batch_size) >= _LEAST_STEPS:
        _try_steps(training, precision, check_stop)
        if not world.meet(2 * memory.most_taken <= allowed):
            break
        factor *= 2
        training.batch_size *= 2
    for tensor, before in kept:
        tensor.set_value(before)
    return factor


def scaled(params: Mapping[str, Any], factor: int) -> dict[str, Any]:
    """The parameters of a training whose batch is so many times larger."""
    warmup = int(params.get("warmup_steps") or 0)
    return {
        **params,
        "batch_size": params["batch_size"] * factor,
        "learning_rate": params["learning_rate"] * factor,
        "warmup_steps": max(1, warmup // factor) if warmup else warmup,
    }


def _try_steps(training: Training, precision: Precision, check_stop: Callable[[], None]) -> None:
    """Compute the gradients of a few batches, and change no weights by them."""
    for batch, _ in itertools.islice(training.batches(0), _TRIED_STEPS):
        check_stop()
        with precision.forward():
            loss, _ = training.loss(batch)
        precision.backward(loss.astype("float32"))
        training.optimizer.clear_grad(set_to_zero=False)
