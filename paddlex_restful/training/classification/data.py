"""Images of a dataset as batches: decoded once, changed anew in each epoch, made ready ahead of the net."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.augment import Augment
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.parallel import World

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Images, [N, 3, H, W] normalised, and the indices of their classes, [N]."""

_READ_AT_ONCE = 64


class ImageSet:
    """The resized images of one split, kept decoded as far as memory allows; the others are decoded at each use.

    Args:
        samples: the images and the indices of their classes.
        preprocess: reads and resizes.
        budget: bytes that may be kept.
        notify: hears of the decoding.

    Raises:
        JobFailed: an image that is kept cannot be read.
    """

    def __init__(self, samples: Sequence[Sample], preprocess: Preprocess, budget: int, notify: Notify) -> None:
        self.labels = np.array([sample.label for sample in samples], np.int64)
        self._paths = [sample.image for sample in samples]
        self._preprocess = preprocess
        shape = (preprocess.height, preprocess.width, 3)
        kept = min(len(samples), budget // int(np.prod(shape)))
        self._kept = np.empty((kept, *shape), np.uint8)
        for start, images in reading.batches(self._paths[:kept], preprocess.load, _READ_AT_ONCE):
            for place, image in enumerate(images, start):
                self._kept[place] = reading.usable(image)
            notify(start + len(images), len(samples))

    def __len__(self) -> int:
        return len(self._paths)

    @property
    def nbytes(self) -> int:
        """Bytes that are kept."""
        return self._kept.nbytes

    def image(self, index: int) -> Pixels:
        """One resized image, [H, W, 3]; not to be written to.

        Raises:
            JobFailed: it was not kept and cannot be read.
        """
        return self._kept[index] if index < len(self._kept) else self._preprocess.load(self._paths[index])

    def batches(self, batch_size: int) -> Iterator[Batch]:
        """All images in order, unchanged: for evaluation."""

        def make(part: range) -> Batch:
            return self._batch([self.image(index) for index in part], np.array(part))

        return reading.in_parts(make, len(self), batch_size)

    def epoch(
        self, epoch: int, seed: int, batch_size: int, augment: Augment, world: World
    ) -> Iterator[tuple[Batch, float]]:
        """All images in a random order, changed at random: for training.

        Order and changes follow from the seed and the epoch alone.

        Args:
            epoch: its number.
            seed: of the training.
            batch_size: images a batch, of all processes together.
            augment: the changes.
            world: the processes that train together.

        Returns:
            This process's share of each batch and its weight; see ``World.shares``.
        """
        random = np.random.default_rng([seed, epoch])
        order = random.permutation(len(self))
        draws = random.random((len(self), Augment.DRAWS))

        def make(share: tuple[NDArray[np.intp], float]) -> tuple[Batch, float]:
            indices, weight = share
            return self._batch([augment(self.image(index), draws[index]) for index in indices], indices), weight

        return reading.ahead(make, world.shares(order, batch_size), reading.threads())

    def _batch(self, images: list[Pixels], indices: NDArray[np.intp]) -> Batch:
        return self._preprocess.normalise(np.stack(images)), self.labels[indices]
