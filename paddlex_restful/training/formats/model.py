"""What exports need of a trained model, whatever its project type and the format."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import paddle
from numpy.typing import NDArray

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.training import inference_model
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.formats.programs import Program

Inputs = Mapping[str, NDArray[Any]]
"""What an exported model is given, by name."""

Answer = Sequence[NDArray[Any]]
"""What it answers."""

Run = Callable[[Inputs], Answer]
"""An exported model in use."""

Specs = list[Any]
"""Inputs as ``paddle.jit.to_static`` takes them."""


class Model(ABC):
    """A trained net that is to be exported, with what is done before it and after it.

    Attributes:
        info: ``model.yml`` of its checkpoint.
        metric: the figure by which nets of its project type are judged.
        most_measured: so many images are enough to measure that.
        chooses: whether it ends with a choice among what it found (NMS), which other runtimes make for one image only.
    """

    info: Mapping[str, Any]
    metric: str
    most_measured: int
    chooses = False

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """Read a checkpoint."""

    @staticmethod
    @abstractmethod
    def net_of(info: Mapping[str, Any]) -> paddle.nn.Layer:
        """The net that a ``model.yml`` describes, whole and with fresh weights."""

    @property
    @abstractmethod
    def net(self) -> paddle.nn.Layer:
        """The net, as it was trained."""

    @property
    @abstractmethod
    def paddlex_name(self) -> str:
        """The name under which PaddleX 3 loads it."""

    @abstractmethod
    def traced(self) -> tuple[paddle.nn.Layer, Specs]:
        """The net with all that comes after it, in evaluation mode, and its inputs."""

    @abstractmethod
    def inputs(self, image: Pixels) -> Inputs:
        """An image as the exported model is given it; more than it asks for may be among it."""

    @abstractmethod
    def answer(self, inputs: Inputs) -> Answer:
        """What the net itself answers, in the form of the exported model."""

    @abstractmethod
    def difference(self, asked: Sequence[Inputs], ones: Sequence[Answer], others: Sequence[Answer]) -> float:
        """How far the answers of two exported models are apart; at most 1e-3 where both are right."""

    @abstractmethod
    def made_up(self) -> Iterator[Pixels]:
        """Images to compare answers on where there are no real ones; the same each time."""

    @abstractmethod
    def figures(self, run: Run, samples: Sequence[Sample], notify: Notify) -> dict[str, float]:
        """The evaluation that trainings make, of an exported model; ``metric`` is among the figures."""

    @abstractmethod
    def config(self) -> Mapping[str, Any]:
        """The content of ``inference.yml``."""

    @abstractmethod
    def program(self) -> Program:
        """What a short program does with an exported model."""

    def save(self, folder: Path, *, single: bool = False) -> None:
        """Write it as an inference model.

        Args:
            folder: where the files go; it exists.
            single: it shall take one image at a time.
        """
        layer, specs = self.traced()
        if single:
            specs = [_one_at_a_time(spec) for spec in specs]
        inference_model.save(layer, specs, folder)

    def difference_from_net(self, run: Run) -> float:
        """How far an exported model answers from the net, on made up images."""
        asked = [self.inputs(image) for image in self.made_up()]
        return self.difference(asked, [run(one) for one in asked], [self.answer(one) for one in asked])


def named(kind: type[Model]) -> str:
    """What another process finds a kind of model by; see ``load_named``."""
    return f"{kind.__module__}:{kind.__qualname__}"


def load_named(kind: str, folder: Path) -> Model:
    """Read a checkpoint as a kind of model.

    Args:
        kind: of ``named``.
        folder: the checkpoint.
    """
    module, _, name = kind.partition(":")
    model: Model = getattr(importlib.import_module(module), name)(folder)
    return model


def _one_at_a_time(spec: Any) -> Any:
    if isinstance(spec, dict):
        return {name: _one_at_a_time(each) for name, each in spec.items()}
    return paddle.static.InputSpec([1, *spec.shape[1:]], spec.dtype, spec.name)
