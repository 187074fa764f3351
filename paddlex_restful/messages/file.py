"""Sentences on files that are asked for."""

from __future__ import annotations

NO_SUCH_FILE = "There is no file {path}."
UNKNOWN_KIND = "This call serves no files ending in {suffix!r}: ask for one that ends in {kinds}."
NOT_AN_ANNOTATION = "{path} names no image of an instance segmentation dataset."
NOT_IN_A_DATASET = "{path} does not lie in a dataset of the workspace."
