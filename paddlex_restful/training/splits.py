"""What a training reads of a dataset: its classes and the images of two splits."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.training.parallel import World


class Splits(NamedTuple):
    """Of a dataset.

    Attributes:
        labels: names of the classes.
        train: images that are learnt from.
        val: images that the epochs are evaluated on; none in processes that do not evaluate.
    """

    labels: list[str]
    train: list[Sample]
    val: list[Sample]

    @classmethod
    def read(cls, dataset: Path, project_type: str, world: World, least: int) -> Splits:
        """Read those of a dataset.

        Args:
            dataset: its folder, split.
            project_type: of the dataset.
            world: the processes that train together; the first one alone evaluates.
            least: images that there must be to learn from.

        Raises:
            JobFailed: there are no classes or too few images.
        """
        labels = datasets.labels(dataset)
        train = datasets.samples(dataset, project_type, "train")
        val = datasets.samples(dataset, project_type, "val") if world.is_first else []
        if not labels:
            raise JobFailed("dataset", messages.NO_CLASSES)
        if len(train) < least:
            raise JobFailed("dataset", messages.TOO_FEW_IMAGES, count=len(train), least=least)
        return cls(labels, train, val)
