"""Images with class maps as batches: decoded once, changed anew in each epoch, made ready ahead of the net."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.datasets import Sample
from paddlex_restful.datasets.segmentation import IGNORED
from paddlex_restful.enums import ProjectType
from paddlex_restful.imaging import geometry
from paddlex_restful.imaging.example import Example, load_example
from paddlex_restful.imaging.image import short_name
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.imaging.recipes import Recipe
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import segmentation as messages
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.examples import ExampleSet
from paddlex_restful.training.parallel import World

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Images, [N, 3, H, W] normalised, and the class ids of their pixels, [N, H, W]; 255 is ignored."""


def load(sample: Sample, classes: int) -> Example:
    """Read an image with its class map.

    Args:
        sample: of a segmentation dataset.
        classes: their number.

    Raises:
        JobFailed: the image or its annotation cannot be read, they do not fit each other, or there is a class id
            beyond the classes.
    """
    example = load_example(sample, ProjectType.SEGMENTATION.value)
    assert example.mask is not None
    assert isinstance(sample.label, Path)
    beyond = example.mask[(example.mask >= classes) & (example.mask != IGNORED)]
    if beyond.size:
        raise JobFailed(
            "label_out_of_range",
            messages.LABEL_OUT_OF_RANGE,
            file=short_name(sample.label),
            id=int(beyond.max()),
            classes=classes,
            highest=classes - 1,
        )
    return example


class LabelledImages:
    """The images of one split with their class maps, in the size of the net's input.

    They are resized once, before the random changes, as in the original server; those that memory does not hold are
    read at each use.

    Args:
        samples: of the split.
        preprocess: the size, and how pixels are normalised.
        classes: number of classes.
        budget: bytes that may be kept.
        notify: hears of the reading.

    Raises:
        JobFailed: see ``load``.
    """

    def __init__(
        self, samples: Sequence[Sample], preprocess: Preprocess, classes: int, budget: int, notify: Notify
    ) -> None:
        def resized(sample: Sample) -> Example:
            return geometry.resize(load(sample, classes), preprocess.width, preprocess.height)

        self._preprocess = preprocess
        self._examples = ExampleSet(samples, resized, budget, notify)
        self.nbytes = self._examples.nbytes

    def __len__(self) -> int:
        return len(self._examples)

    def batches(self, batch_size: int) -> Iterator[Batch]:
        """All images in order, unchanged: for evaluation."""

        def make(part: range) -> Batch:
            return self._batch([self._examples[index] for index in part])

        return reading.in_parts(make, len(self), batch_size)

    def epoch(
        self, epoch: int, seed: int, batch_size: int, recipe: Recipe, world: World
    ) -> Iterator[tuple[Batch, float]]:
        """All images in a random order, changed at random: for training.

        Order and changes follow from the seed and the epoch alone.

        Args:
            epoch: its number.
            seed: of the training.
            batch_size: images a batch, of all processes together.
            recipe: the changes.
            world: the processes that train together.

        Returns:
            This process's share of each batch and its weight; see ``World.shares``.
        """
        order = np.random.default_rng([seed, epoch]).permutation(len(self))

        def changed(index: int) -> Example:
            example = self._examples[index]
            return recipe(example, np.random.default_rng([seed, epoch, index]), lambda: example)

        def make(share: tuple[NDArray[np.intp], float]) -> tuple[Batch, float]:
            indices, weight = share
            return self._batch([changed(int(index)) for index in indices]), weight

        return reading.ahead(make, world.shares(order, batch_size), reading.threads())

    def _batch(self, examples: Sequence[Example]) -> Batch:
        images = np.stack([example.image for example in examples])
        masks = [example.mask for example in examples if example.mask is not None]
        return self._preprocess.normalise(images), np.stack(masks).astype(np.int64)
