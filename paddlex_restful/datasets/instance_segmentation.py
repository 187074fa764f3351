"""Instance segmentation: ``JPEGImages`` with ``annotations.json`` (COCO)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from paddlex_restful.datasets import coco, drawing
from paddlex_restful.datasets.inspection import Content, Inspection
from paddlex_restful.datasets.rle import rle_mask
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.store import Split, Statistics

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class InstanceSegmentation:
    """See ``formats.Format``."""

    def check(self, inspection: Inspection) -> Content:
        """See ``formats.Format.check``. The classes are the categories in the order of their ids."""
        return coco.check(inspection, with_masks=True)

    def lists(self, folder: Path, statistics: Statistics, split: Split) -> dict[str, bytes]:
        """See ``formats.Format.lists``."""
        return coco.lists(folder, split)

    def samples(self, folder: Path, statistics: Statistics, images: list[str]) -> list[Sample]:
        """See ``formats.Format.samples``."""
        return coco.samples(folder, images)

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
        """See ``formats.Format.draw``: translucent masks, and boxes with the names of their classes."""
        (sample,) = self.samples(folder, statistics, [name])
        assert isinstance(sample.label, list)
        regions = [(object_mask(one, image.size, scale), one["category"]) for one in sample.label]
        objects = drawing.scaled(sample.label, statistics.labels, scale)
        return drawing.boxes(drawing.masks(image, regions), objects, named=named)


def object_mask(item: dict[str, Any], size: tuple[int, int], scale: float = 1.0) -> NDArray[np.bool_]:
    """The mask [height, width] of an object of ``Sample.label``.

    Args:
        item: the object.
        size: width and height of its image, or of the copy of it that the mask is for.
        scale: sides of the copy as a multiple of the image's.
    """
    segmentation = item["segmentation"]
    if isinstance(segmentation, dict):
        return drawing.resized(rle_mask(segmentation), size)
    return drawing.polygon_mask(size, [[value * scale for value in polygon] for polygon in segmentation])
