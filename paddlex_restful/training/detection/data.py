"""Images of a dataset with their objects: as batches for training, and with their truth for evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging import geometry, recipes
from paddlex_restful.imaging.example import Example, load_example
from paddlex_restful.imaging.image import Pixels, read_stored, upright
from paddlex_restful.imaging.recipes import Recipe
from paddlex_restful.metrics.detection import Truth, truth_of
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.detection.nets import batch as batches
from paddlex_restful.training.detection.nets.base import NetMeta
from paddlex_restful.training.examples import ExampleSet
from paddlex_restful.training.parallel import World

Batch = dict[str, Any]
"""Arrays, see ``nets.batch``."""

_ROOM = 2.0
"""Images are kept at most so many times as large as the largest input, for what windows enlarge."""


class TrainingImages:
    """The training split as batches: decoded once, changed anew in each epoch, made ready ahead of the net.

    Args:
        samples: of the split.
        project_type: ``detection`` or ``instance_segmentation``.
        params: the training parameters.
        meta: of the net.
        budget: bytes of decoded images that may be kept.
        notify: hears of the decoding.

    Raises:
        JobFailed: an image cannot be read.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        project_type: str,
        params: Mapping[str, Any],
        meta: NetMeta,
        budget: int,
        notify: Notify,
    ) -> None:
        self._recipe = Recipe(project_type, params)
        self._meta = meta
        longest = _ROOM * max(self._recipe.sides or params["image_shape"])

        def load(sample: Sample) -> Example:
            example = load_example(sample, project_type)
            if recipes.keeps_ratio(params):
                size = recipes.input_size(project_type, params, example.width, example.height)
            else:
                scale = min(1.0, longest / max(example.width, example.height))
                size = round(example.width * scale), round(example.height * scale)
            return geometry.resize(example, max(1, size[0]), max(1, size[1]))

        self._examples = ExampleSet(samples, load, budget, notify)

    @property
    def nbytes(self) -> int:
        """Bytes of decoded images that are kept."""
        return self._examples.nbytes

    def epoch(self, epoch: int, seed: int, batch_size: int, world: World) -> Iterator[tuple[Batch, float]]:
        """All images in a random order, changed at random.

        Order and changes follow from the seed and the epoch alone: each image has a random generator of its own.

        Args:
            epoch: its number, from 1; in epoch 0 all batches have the largest size.
            seed: of the training.
            batch_size: images a batch, of all processes together.
            world: the processes that train together.

        Yields:
            This process's share of each batch and its weight; see ``World.shares``.
        """
        examples, sides = self._examples, self._recipe.sides
        random = np.random.default_rng([seed, epoch])
        order = random.permutation(len(examples))
        steps = world.steps(len(examples), batch_size)
        sizes = random.choice(sides if epoch else [max(sides)], steps) if sides else None

        def make(part: tuple[int, tuple[NDArray[np.intp], float]]) -> tuple[Batch, float]:
            number, (indices, weight) = part
            size = None if sizes is None else int(sizes[number])
            changed = [self._changed(int(index), epoch, seed, size) for index in indices]
            return batches.collate(changed, self._meta, epoch), weight

        return reading.ahead(make, enumerate(world.shares(order, batch_size)), reading.threads())

    def _changed(self, index: int, epoch: int, seed: int, size: int | None) -> Example:
        random = np.random.default_rng([seed, epoch, index])
        examples = self._examples
        return self._recipe(examples[index], random, lambda: examples[int(random.integers(len(examples)))], size)


class Prepared(NamedTuple):
    """An image as the net is given it, and what is true of it.

    Attributes:
        image: of the net's input size, [h, w, 3].
        size: height and width of the original.
        truth: its objects, in pixels of the original.
    """

    image: Pixels
    size: tuple[int, int]
    truth: Truth


class EvaluationImages:
    """Images with their truth, a batch at a time, read ahead; what memory allows is kept for the next time.

    Args:
        samples: of a split.
        project_type: ``detection`` or ``instance_segmentation``.
        params: the training parameters: ``model`` and ``image_shape``.
        masks: whether masks will be compared.
        budget: bytes of prepared images that may be kept.
    """

    def __init__(
        self, samples: Sequence[Sample], project_type: str, params: Mapping[str, Any], *, masks: bool, budget: int = 0
    ) -> None:
        self._samples = samples
        self._project_type, self._params, self._masks = project_type, params, masks
        self._budget = budget
        self._kept: dict[int, Prepared] = {}

    def __len__(self) -> int:
        return len(self._samples)

    def batches(self, batch_size: int) -> Iterator[list[Prepared]]:
        """All images in order.

        Raises:
            JobFailed: one cannot be read.
        """

        return reading.in_parts(lambda part: [self._prepared(index) for index in part], len(self), batch_size)

    def _prepared(self, index: int) -> Prepared:
        if index in self._kept:
            return self._kept[index]
        prepared = prepare(self._samples[index], self._project_type, self._params, masks=self._masks)
        if self._budget >= prepared.image.nbytes:
            self._budget -= prepared.image.nbytes
            self._kept[index] = prepared
        return prepared


def prepare(sample: Sample, project_type: str, params: Mapping[str, Any], *, masks: bool) -> Prepared:
    """Read an image for evaluation, as people see it.

    Args:
        sample: of a dataset with objects.
        project_type: ``detection`` or ``instance_segmentation``.
        params: the training parameters: ``model`` and ``image_shape``.
        masks: whether masks will be compared.

    Raises:
        JobFailed: it cannot be read.
    """
    assert isinstance(sample.label, list)
    stored, orientation = read_stored(sample.image)
    height, width = stored.shape[:2]
    truth = truth_of(sample.label, (width, height), masks=masks, orientation=orientation)
    image = upright(stored, orientation)
    return Prepared(recipes.prepare(image, project_type, params), (image.shape[0], image.shape[1]), truth)
