"""Instance segmentation: ``JPEGImages`` with ``annotations.json`` (COCO)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paddlex_restful.datasets import coco, drawing
from paddlex_restful.datasets.inspection import Content, Inspection
from paddlex_restful.datasets.rle import rle_mask
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.store import Split, Statistics


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

    def draw(self, folder: Path, statistics: Statistics, name: str, image: Image.Image) -> Image.Image:
        """See ``formats.Format.draw``: translucent masks, and boxes with the names of their classes."""
        (sample,) = self.samples(folder, statistics, [name])
        assert isinstance(sample.label, list)
        labels = statistics.labels
        drawn = drawing.masks(image, [(object_mask(one, image.size), one["category"]) for one in sample.label])
        return drawing.boxes(drawn, [(one["bbox"], labels[one["category"]], one["category"]) for one in sample.label])


def object_mask(item: dict[str, Any], size: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask [height, width] of an object of ``Sample.label`` in an image of this width and height."""
    segmentation = item["segmentation"]
    return rle_mask(segmentation) if isinstance(segmentation, dict) else drawing.polygon_mask(size, segmentation)
