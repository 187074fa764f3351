"""Sentences on projects."""

from __future__ import annotations

UNKNOWN_TYPE = "{argument} {type!r} is not known: take one of {types}."
REMOTE_SEGMENTATION = (
    "remote_segmentation is not available: cut the large images into tiles and use the type segmentation instead."
)
NOT_BOUND = "Project {pid} has no dataset: bind one with PUT /workspace, struct project and attr_dict {{'did': …}}."
OTHER_TYPE = (
    "Dataset {did} is of type {dataset_type} and project {pid} of type {project_type}: bind a dataset of the same type."
)
BUSY = "{tid} of project {pid} is at work ({kind}): stop it or wait until it ends before binding another dataset."
