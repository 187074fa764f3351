"""What training reads of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One image with its label.

    Attributes:
        image: absolute path of the image.
        label: classification: index of the class. Segmentation: absolute path of the annotation, to be read with
            ``segmentation.read_mask``. Detection and instance segmentation: the objects, each a dict of ``bbox``
            ([x0, y0, x1, y1] in pixels, clipped to the image), ``category`` (index of the class), ``iscrowd`` and
            ``difficult`` (0 or 1) and, in COCO datasets, ``segmentation`` (polygons [[x, y, x, y, …], …] or an RLE
            dict of ``size`` and ``counts``); empty for background.
    """

    image: Path
    label: int | Path | list[dict[str, Any]]
