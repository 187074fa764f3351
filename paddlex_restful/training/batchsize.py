"""The batch size that makes use of a GPU's memory, found by trying, as Lightning's ``BatchSizeFinder`` does.

A step takes at most twice the memory with twice the images. So the batch is doubled for as long as twice of what its
steps took at most still fits, and no step is ever tried that does not. The learning rate grows with the batch (Goyal
et al., Accurate, Large Minibatch SGD, 2017).
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
from paddlex_restful.training.reporter import log

CHOSEN = ("batch_size", "learning_rate")
"""The parameters that are changed."""

_SHARE = 0.9
"""Of the memory that may be taken: some is left for batches with more objects, and for what paddle cannot reuse."""

_TRIED_STEPS = 3
"""Steps with each size: detectors resize each batch differently."""

_LEAST_STEPS = 10
"""Steps that an epoch keeps: with fewer a net learns little of it."""

_OPTIMIZER_COPIES = 2
"""Values that an optimiser may keep for each weight, from its first step on, which is not tried."""


class GpuMemory:
    """The memory of the GPU in use, in bytes.

    Raises:
        JobFailed: the processor is in use.
    """

    def __init__(self) -> None:
        device = paddle.device.get_device()
        if not device.startswith("gpu"):
            raise JobFailed("auto_batch_size", messages.NO_GPU_FOR_BATCH_SIZE, device=device)

    @property
    def total(self) -> int:
        """All of it."""
        return int(paddle.device.cuda.get_device_properties().total_memory)

    @property
    def most_taken(self) -> int:
        """What tensors took at most, at one time, since the start of the process."""
        return int(paddle.device.cuda.max_memory_allocated())


def choose(
    training: Training,
    params: Mapping[str, Any],
    memory: GpuMemory,
    precision: Precision,
    world: World,
    check_stop: Callable[[], None],
) -> dict[str, Any]:
    """Doubles the batch for as long as it fits; the net stays as it was.

    Args:
        training: is given the batch size that is found.
        params: the training parameters; ``batch_size`` is the least that is used.
        memory: of the GPU.
        precision: of the training steps.
        world: the processes that train together; they do what the first one finds.
        check_stop: called between steps; what it raises ends the trials.

    Returns:
        The parameters, with the batch size and the learning rate that belongs to it.
    """
    weights = sum(parameter.size * parameter.element_size() for parameter in training.net.parameters())
    free = _SHARE * memory.total - _OPTIMIZER_COPIES * weights
    # What a forward pass changes: the means and variances of batch normalisation.
    kept = [(tensor, tensor.clone()) for tensor in training.net.state_dict().values() if tensor.stop_gradient]
    factor = 1
    training.net.train()
    while world.steps(training.samples, 2 * training.batch_size) >= _LEAST_STEPS:
        _try_steps(training, precision, check_stop)
        if not world.meet(2 * memory.most_taken <= free):
            break
        factor *= 2
        training.batch_size *= 2
    for tensor, before in kept:
        tensor.set_value(before)
    chosen = {**params, "batch_size": training.batch_size, "learning_rate": params["learning_rate"] * factor}
    log(f"A batch size of {chosen['batch_size']} and a learning rate of {chosen['learning_rate']:g} were chosen")
    return chosen


def _try_steps(training: Training, precision: Precision, check_stop: Callable[[], None]) -> None:
    """Compute the gradients of a few batches, and change no weights by them."""
    for batch, _ in itertools.islice(training.batches(1), _TRIED_STEPS):
        check_stop()
        with precision.forward():
            loss, _ = training.loss(batch)
        precision.backward(loss.astype("float32"))
        training.optimizer.clear_grad(set_to_zero=False)
