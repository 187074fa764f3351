"""The four dataset formats: check, import, split, describe, draw, and read for training.

Pure Python with numpy and Pillow: no paddle, no OpenCV. The import job is ``importing.run``.
"""

from __future__ import annotations

from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.segmentation import read_mask
from paddlex_restful.datasets.serving import draw, is_split, labels, samples
from paddlex_restful.datasets.splitting import split
from paddlex_restful.datasets.store import details

__all__ = ["Sample", "details", "draw", "is_split", "labels", "read_mask", "samples", "split"]
