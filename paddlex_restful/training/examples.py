"""The images of a split with their labels: decoded once, kept as far as memory allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.example import Example
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import Notify

_READ_AT_ONCE = 64


class ExampleSet:
    """The examples of one split; those that memory does not hold are decoded at each use.

    Args:
        samples: of the split.
        load: reads one, and brings it to the size that is kept.
        budget: bytes that may be kept.
        notify: hears of the decoding.

    Attributes:
        samples: as given.
        nbytes: bytes that are kept.

    Raises:
        JobFailed: a sample that is kept cannot be read.
    """

    def __init__(
        self, samples: Sequence[Sample], load: Callable[[Sample], Example], budget: int, notify: Notify
    ) -> None:
        self.samples = samples
        self.nbytes = 0
        self._load = load
        self._kept: list[Example] = []
        for start, examples in reading.batches(samples, load, _READ_AT_ONCE):
            for example in map(reading.usable, examples):
                self.nbytes += _size(example)
                self._kept.append(example)
            notify(start + len(examples), len(samples))
            if self.nbytes > budget:
                return

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Example:
        """One example; not to be written to.

        Raises:
            JobFailed: it was not kept and cannot be read.
        """
        return self._kept[index] if index < len(self._kept) else self._load(self.samples[index])


def _size(example: Example) -> int:
    return example.image.nbytes + (0 if example.mask is None else example.mask.nbytes)
