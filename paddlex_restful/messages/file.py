"""Sentences on files that are asked for."""

from __future__ import annotations

NO_SUCH_FILE = "There is no file {path}."
UNKNOWN_KIND = "Files ending in {suffix!r} are not served: pictures, xml, npy, json, log and txt are."
NOT_A_PICTURE = "{path} is not a picture: ask for a png, jpg, jpeg or bmp file."
NOT_AN_ANNOTATION = "{path} names no image of an instance segmentation dataset."
NOT_IN_A_DATASET = "{path} does not lie in a dataset of the workspace."
NOT_IN_DATASET = "{path} does not lie in dataset {did}."
