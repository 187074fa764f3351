"""The dataset formats, one for each project type."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PIL import Image

from paddlex_restful.datasets.classification import Classification
from paddlex_restful.datasets.detection import Detection
from paddlex_restful.datasets.inspection import Content, Inspection
from paddlex_restful.datasets.instance_segmentation import InstanceSegmentation
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.segmentation import Segmentation
from paddlex_restful.datasets.store import Split, Statistics
from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages


class Format(Protocol):
    """What a dataset format can do. All but ``check`` work on an imported dataset."""

    def check(self, inspection: Inspection) -> Content:
        """Look at every file of a folder, report what is wrong with it, and tell what it holds."""

    def lists(self, folder: Path, statistics: Statistics, split: Split) -> dict[str, bytes]:
        """The conventional files of a split, by name."""

    def samples(self, folder: Path, statistics: Statistics, images: list[str]) -> list[Sample]:
        """What training reads for these images (relative to the dataset)."""

    def draw(
        self,
        folder: Path,
        statistics: Statistics,
        name: str,
        image: Image.Image,
        scale: float = 1.0,
        *,
        named: bool = True,
    ) -> Image.Image:
        """Draw the labels of an image onto it.

        Args:
            folder: the dataset.
            statistics: of the dataset.
            name: the image, relative to the dataset.
            image: its pixels as RGB, or an enlarged or reduced copy of them.
            scale: sides of ``image`` as a multiple of the file's.
            named: with the names of the classes, and not only their colours.
        """


FORMATS: dict[str, Format] = {
    ProjectType.CLASSIFICATION.value: Classification(),
    ProjectType.DETECTION.value: Detection(),
    ProjectType.SEGMENTATION.value: Segmentation(),
    ProjectType.INSTANCE_SEGMENTATION.value: InstanceSegmentation(),
}


def format_of(type: str) -> Format:
    """The format of a project type.

    Raises:
        UserError: there is none.
    """
    name = type.value if isinstance(type, ProjectType) else type
    if name not in FORMATS:
        raise UserError(messages.UNKNOWN_TYPE, type=name, types=", ".join(FORMATS))
    return FORMATS[name]
