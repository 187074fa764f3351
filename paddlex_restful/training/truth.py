"""What is true of the images of a test split, to be told and drawn beside what a net predicts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from paddlex_restful.datasets import Sample
from paddlex_restful.enums import ProjectType
from paddlex_restful.imaging.example import Example, labelled
from paddlex_restful.imaging.image import Pixels, read_stored, upright
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.metrics.detection import entries, truth_of
from paddlex_restful.metrics.segmentation import classes_of
from paddlex_restful.reports.comparison import draw_truth


@dataclass(frozen=True)
class Truth:
    """What is true of one image.

    Attributes:
        told: as plain JSON. Of classification ``label``, the name of the class; of the others ``truth``: objects as
            ``metrics.detection.entries`` has them, or classes as ``metrics.segmentation.classes_of`` has them.
    """

    told: Mapping[str, Any]
    _example: Example
    _sample: Sample
    _project_type: str
    _labels: Sequence[str]

    def draw(self, picture: Image.Image) -> Image.Image:
        """A copy of the image's picture, of any size, with the truth on it."""
        return draw_truth(picture, self._example, self._sample, self._project_type, self._labels)


def read_with_truth(sample: Sample, project_type: str, labels: Sequence[str]) -> tuple[Pixels, Truth | None]:
    """Read an image with what is true of it.

    Args:
        sample: the image with its labels.
        project_type: of its dataset.
        labels: names of the dataset's classes.

    Returns:
        The RGB image, [H, W, 3], and the truth, None where the annotation can no longer be read.

    Raises:
        JobFailed: the image cannot be read.
    """
    stored, orientation = read_stored(sample.image)
    try:
        example = labelled(stored, orientation, sample, project_type)
    except JobFailed:
        return upright(stored, orientation), None
    told = _told(example, sample, (stored.shape[1], stored.shape[0]), orientation, project_type, labels)
    return example.image, Truth(told, example, sample, project_type, labels)


def _told(
    example: Example,
    sample: Sample,
    size: tuple[int, int],
    orientation: int,
    project_type: str,
    labels: Sequence[str],
) -> dict[str, Any]:
    if isinstance(sample.label, int):
        return {"label": labels[sample.label]}
    if example.mask is not None:
        return {"truth": classes_of(example.mask, labels)}
    assert isinstance(sample.label, list)
    masks = ProjectType(project_type) is ProjectType.INSTANCE_SEGMENTATION
    return {"truth": entries(truth_of(sample.label, size, masks=masks, orientation=orientation), labels)}
