"""The four dataset formats: check, import, split, describe, draw, and read for training.

Pure Python with numpy and Pillow: no paddle, no OpenCV. numpy is imported where it is used, for a server that starts
has no need of it. The import job is ``importing.run``.
"""

from __future__ import annotations

from paddlex_restful.datasets.figures import figures
from paddlex_restful.datasets.imagefile import measure as image_size
from paddlex_restful.datasets.importing import check_source, rebuild
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.segmentation import read_mask
from paddlex_restful.datasets.serving import draw, find_sample, labels, read_sample, samples
from paddlex_restful.datasets.splitting import split
from paddlex_restful.datasets.store import described, details

__all__ = [
    "Sample",
    "check_source",
    "described",
    "details",
    "draw",
    "figures",
    "find_sample",
    "image_size",
    "labels",
    "read_mask",
    "read_sample",
    "rebuild",
    "samples",
    "split",
]
