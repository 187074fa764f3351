"""Data-parallel training: several processes, each with a copy of the net, train on their shares of each batch.

Gradients are averaged after each backward pass, so that all copies stay the same and the processes train as one would
that had all their images in its batch (synchronous SGD; Goyal et al., Accurate, Large Minibatch SGD, 2017). Batch
normalisation alone differs: each process normalises by the images of its own share.
"""

from __future__ import annotations

import itertools
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import paddle
import paddle.distributed
from numpy.typing import NDArray

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.jobs.launcher import CONNECTION, RENDEZVOUS
from paddlex_restful.messages import ranks as messages

_POLL = 0.05
"""Seconds between two looks whether another process is there."""

_LEAST = 2
"""Images of a batch that a process needs, as batch normalisation cannot learn from one."""

_CONNECTION_ERROR = re.compile(r"/gloo/|/tcp_utils\.")
"""The files of C++ in which errors of connections arise, which paddle names in its texts."""


class World:
    """The processes that train together, seen from one of them; without arguments a process that trains alone.

    Attributes:
        rank: number of this process, from 0.
        size: number of all.
    """

    def __init__(self, rank: int = 0, size: int = 1, check_stop: Callable[[], None] = lambda: None) -> None:
        self.rank = rank
        self.size = size
        self._check_stop = check_stop
        self._meetings = itertools.count()

    @classmethod
    def join(cls, size: int, check_stop: Callable[[], None]) -> World:
        """Connect to the other processes, which are told in the environment (see ``jobs.launcher``).

        Args:
            size: how many there are to be.
            check_stop: called while others are waited for; what it raises ends the waiting.

        Raises:
            JobFailed: they cannot be reached, or there are not as many.
        """
        rank = int(os.environ.get("PADDLE_TRAINER_ID", 0))
        try:
            if rank:
                _wait_for_listener(os.environ["PADDLE_TRAINER_ENDPOINTS"].partition(",")[0], check_stop)
            paddle.distributed.init_parallel_env()
        except (RuntimeError, ValueError, OSError) as error:
            summary = str(error).strip().partition("\n")[0]
            raise JobFailed(RENDEZVOUS, messages.NOT_JOINED, error=summary) from error
        found = paddle.distributed.get_world_size()
        if found != size:
            raise JobFailed("world_size", messages.WRONG_WORLD_SIZE, found=found, wanted=size)
        return cls(paddle.distributed.get_rank(), size, check_stop)

    @property
    def is_first(self) -> bool:
        """Whether this is the process that evaluates, saves and reports."""
        return self.rank == 0

    def steps(self, count: int, batch_size: int) -> int:
        """Number of batches in an epoch of so many images; see ``shares``."""
        least = self.size * min(_LEAST, max(1, batch_size // self.size))
        return max(1, min(-(-count // batch_size), count // least))

    def shares(self, order: NDArray[np.intp], batch_size: int) -> Iterator[tuple[NDArray[np.intp], float]]:
        """This process's share of each batch, and the weight of its mean loss.

        All images are used, in as few batches as hold them, of sizes that differ by one at most: a last batch of the
        one or two images that are left over would set a small net back, since batch normalisation learns noise from
        them. Where even a process's share would be a single image there is a batch less, and all are larger. The mean
        over all processes of weighted losses is the mean loss of the whole batch.

        Args:
            order: indices of the images of an epoch, [N]; the same in all processes.
            batch_size: images of all processes together.
        """
        for start, end in itertools.pairwise(self._bounds(len(order), batch_size)):
            share = np.array_split(order[start:end], self.size)[self.rank]
            yield share, len(share) * self.size / (end - start)

    def _bounds(self, count: int, batch_size: int) -> list[int]:
        batches = self.steps(count, batch_size)
        return [count * batch // batches for batch in range(batches + 1)]

    @property
    def least_images(self) -> int:
        """How many images a training split must hold."""
        return self.size * _LEAST

    def copy_first(self, net: paddle.nn.Layer) -> None:
        """Give the net of each process the weights of the first one's."""
        if self.size == 1:
            return
        with _connection():
            for tensor in net.state_dict().values():
                paddle.distributed.broadcast(tensor, src=0)

    def average_gradients(self, parameters: Sequence[paddle.Tensor]) -> None:
        """Replace the gradients by their mean over all processes, where one without a gradient counts as zero.

        One all-reduce of all gradients after the backward pass, and not ``paddle.DataParallel``: that one must wrap
        the call of the net, which project types make in their own ways, and walks the graph in each step where
        parameters may stay without a gradient, as those of a detector's head do in images without objects. What it
        does better, sending while the backward pass still runs, is little between the GPUs of one machine.

        Args:
            parameters: of the optimiser, in the same order in all processes.
        """
        if self.size == 1:
            return
        trained = [parameter for parameter in parameters if not parameter.stop_gradient]
        has_gradient = [parameter.grad is not None for parameter in trained]
        gradients = [
            (parameter.grad if has else paddle.zeros_like(parameter)).flatten()
            for parameter, has in zip(trained, has_gradient, strict=True)
        ]
        counts = paddle.to_tensor(has_gradient, dtype=gradients[0].dtype)
        everything = paddle.concat([*gradients, counts])
        with _connection():
            paddle.distributed.all_reduce(everything)
        *means, counts = paddle.split(everything, [*(len(gradient) for gradient in gradients), len(counts)])
        # Where no process has a gradient there must be none, or weight decay and momentum would change the weights.
        # Reading the counts waits for the device, so they are read only where one is missing.
        found = has_gradient if all(has_gradient) else [bool(count) for count in counts.numpy()]
        for parameter, mean, is_found in zip(trained, means, found, strict=True):
            if is_found:
                parameter.grad = (mean / self.size).reshape(parameter.shape)

    def mean(self, values: paddle.Tensor) -> paddle.Tensor:
        """The mean of a tensor over all processes."""
        if self.size == 1:
            return values
        values = values.clone()
        with _connection():
            paddle.distributed.all_reduce(values)
        return values / self.size

    def mean_figures(self, figures: Mapping[str, float], weight: float) -> dict[str, float]:
        """Figures of a batch, from those of the shares.

        Args:
            figures: means over the images of this process's share; of the same names in all processes.
            weight: that of the share.
        """
        if self.size == 1 or not figures:
            return dict(figures)
        means = self.mean(paddle.to_tensor(list(figures.values()), dtype="float32") * weight)
        return dict(zip(figures, means.tolist(), strict=True))

    def meet(self, said: bool = True) -> bool:
        """Wait until all processes are here, however long one of them takes.

        Not a barrier of the backend: gloo gives up after 30 s, and NCCL keeps the waiting GPU busy. No deadline is
        needed, since all are ended when one ends.

        Args:
            said: what the first process tells the others.

        Returns:
            What the first process said.
        """
        if self.size == 1:
            return said
        store = paddle.base.core.create_or_get_global_tcp_store()
        meeting = f"meeting {next(self._meetings)}"
        with _connection():
            if self.is_first:
                store.add(f"{meeting} said", int(said))
            store.add(meeting, 1)
            while store.add(meeting, 0) < self.size:
                self._check_stop()
                time.sleep(_POLL)
            return bool(store.add(f"{meeting} said", 0))


def _wait_for_listener(endpoint: str, check_stop: Callable[[], None]) -> None:
    """Wait until the first process listens; paddle by itself would look every three seconds."""
    host, _, port = endpoint.partition(":")
    while True:
        try:
            socket.create_connection((host, int(port))).close()
        except ConnectionRefusedError:
            check_stop()
            time.sleep(_POLL)
        else:
            return


@contextmanager
def _connection() -> Iterator[None]:
    """Tell a broken connection, which is what the others see of a process that has ended, from errors of one's own."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if _CONNECTION_ERROR.search(str(error)) is not None:
            raise JobFailed(CONNECTION, messages.CONNECTION_LOST) from error
        raise
