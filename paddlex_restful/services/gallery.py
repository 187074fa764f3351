"""The images of a dataset, to leaf through: by class, split and name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from paddlex_restful.datasets import store
from paddlex_restful.services import Services, datasets


class Shown(NamedTuple):
    """An image: its path relative to the dataset, the classes in it, and the part that it belongs to, if any."""

    image: str
    labels: tuple[str, ...]
    split: str


@dataclass(frozen=True)
class Gallery:
    """All images of a dataset.

    Attributes:
        images: in the order of the dataset.
        labels: the classes that objects can have; segmentation has the background besides.
        counts: images by class; those without objects under "".
        splits: images by part, empty before the split.
        version: another one whenever the dataset is.
    """

    images: list[Shown]
    labels: list[str]
    counts: dict[str, int]
    splits: dict[str, int]
    version: str

    def select(self, label: str | None = None, split: str | None = None, text: str = "") -> list[Shown]:
        """Some of the images.

        Args:
            label: those with this class; "" those without objects, None all.
            split: those of this part, None all.
            text: those with this text in their path, in any case of letters.
        """
        wanted = text.strip().casefold()
        return [
            one
            for one in self.images
            if (label is None or label in one.labels or (label == "" and not one.labels))
            and split in (None, one.split)
            and wanted in one.image.casefold()
        ]


def gallery(services: Services, did: str) -> Gallery:
    """The images of an imported dataset. The result is shared: do not change it.

    Raises:
        UserError: it holds no images.
    """
    dataset = services.workspace.dataset(did)
    datasets.require_imported(services, dataset)
    folder = services.workspace.folder(dataset)
    return _gallery(str(folder), dataset.type, store.version(folder))


@lru_cache(maxsize=4)
def _gallery(folder: str, dataset_type: str, version: str) -> Gallery:
    statistics = store.load_statistics(Path(folder))
    split = store.load_split(Path(folder)) or {}
    labels = store.object_labels(statistics, dataset_type)
    present: dict[str, list[str]] = {image: [] for image in statistics.file_info}
    for label in labels:
        for image in statistics.label_info[label]:
            present[image].append(label)
    parts = {image: name for name, members in split.items() for image in members}
    images = [Shown(image, tuple(found), parts.get(image, "")) for image, found in present.items()]
    counts = {label: len(statistics.label_info[label]) for label in labels}
    counts[""] = sum(not one.labels for one in images)
    return Gallery(images, list(labels), counts, dict(Counter(parts.values())), version)
