"""What a project type brings to training: the protocol, and the table of the types that have it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import paddle

from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training.parallel import World

if TYPE_CHECKING:
    from paddlex_restful.training.predict import Predictor


class Notify(Protocol):
    """How long work tells how far it is and learns that it should stop."""

    def __call__(self, done: int, total: int) -> None:
        """``done`` of ``total`` parts are through; raises ``JobStopped`` when the job was asked to stop."""


class Training(Protocol):
    """One training of a project type, as the loop sees it: a net, batches, a loss and an evaluation.

    All that is random in an epoch follows from the seed and the epoch's number, so that a resumed training repeats an
    unbroken one exactly.

    Attributes:
        net: the net that is trained.
        optimizer: its optimiser; the loop sets the learning rate.
        batch_size: images of a step, of all processes together; it may be set between epochs.
        samples: images of an epoch, of all processes together.
        val_samples: images of the validation split.
        metric: the evaluation's figure by which the best checkpoint is chosen; larger is better.
        info: what goes into ``model.yml``, all but ``epoch`` and ``metrics``.
    """

    net: paddle.nn.Layer
    optimizer: paddle.optimizer.Optimizer
    batch_size: int
    samples: int
    val_samples: int
    metric: str
    info: Mapping[str, Any]

    @property
    def steps(self) -> int:
        """Steps of an epoch."""

    def batches(self, epoch: int) -> Iterator[tuple[Any, float]]:
        """The batches of an epoch, from 1; ``steps`` of them. Those of epoch 0 take as much memory as any.

        Of several processes that train together each gets its share of each batch, and the weight of its loss; see
        ``World.shares``. In a process that trains alone the weight is 1.
        """

    def loss(self, batch: Any) -> tuple[paddle.Tensor, Any]:
        """The mean loss of a batch, a tensor without axes, and what ``figures`` needs of it."""

    def figures(self, outputs: Any) -> dict[str, float]:
        """Figures of a training step that is reported, such as its accuracy."""

    def evaluate(self, notify: Notify) -> dict[str, float]:
        """Figures on the validation split; empty when it has no images."""

    def weights_url(self, source: str) -> str | None:
        """Address of the net's pretrained weights, such as those of ``IMAGENET``; None when there are none."""


Job = Callable[[JobContext], dict[str, Any] | None]
"""Does a job; raises ``JobFailed`` or ``JobStopped``."""


@dataclass(frozen=True)
class Adapter:
    """A project type: how it trains, and its jobs on a trained net.

    Attributes:
        training: builds the net with fresh weights and gets the data ready. It is given the task's training parameters,
            checked and complete; the folder of the dataset, split; the seed where all randomness starts; who hears of
            the reading of the images; and the processes that train together, of which only the first one evaluates.
        evaluate: the job ``evaluate``.
        predictor: a checkpoint in use, see ``predict``; raises ``JobFailed`` where there is none or it is damaged.
        export: the job ``export``.
        outputs: brings a net into the mode in which it uses all its parameters, and gives the function of an image
            [1, 3, H, W] that computes all that it says of it, before it chooses among that.
    """

    training: Callable[[Mapping[str, Any], Path, int, Notify, World], Training]
    evaluate: Job
    predictor: Callable[[Path], Predictor]
    export: Job
    outputs: Callable[[paddle.nn.Layer], Callable[[paddle.Tensor], Any]]


ADAPTERS = {
    "classification": "paddlex_restful.training.classification.adapter",
    "detection": "paddlex_restful.training.detection.adapter",
    "segmentation": "paddlex_restful.training.segmentation.adapter",
    "instance_segmentation": "paddlex_restful.training.detection.instances",
}
"""Modules whose ``ADAPTER`` is the adapter of a project type; imported when asked for, as each imports its suite."""


def whole_net(net: paddle.nn.Layer) -> paddle.nn.Layer:
    """``Adapter.outputs`` of nets whose forward says all, with their auxiliary heads, while they are trained."""
    net.train()
    return net


def adapter(project_type: str) -> Adapter:
    """The adapter of a project type."""
    return cast("Adapter", importlib.import_module(ADAPTERS[project_type]).ADAPTER)
