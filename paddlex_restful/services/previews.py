"""Previews: what a training would see of a dataset."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from paddlex_restful import datasets as formats
from paddlex_restful.errors import UserError
from paddlex_restful.messages import preview as sentences
from paddlex_restful.params import default_params
from paddlex_restful.services import Services, datasets, tasks
from paddlex_restful.workspace import workspace_pb2 as pb

MOST_IMAGES = 16
MOST_SEED = 2**31 - 1
_SKETCH_SIDE = 320


def preview(
    services: Services, did: str, tid: str | None, count: int, seed: int | None
) -> tuple[int, list[tuple[str, bytes]]]:
    """Training images of a dataset, changed at random as a training would, with their labels drawn.

    Args:
        services: of the server.
        did: the dataset.
        tid: the task whose parameters say what is changed; None takes the defaults of the dataset's type.
        count: how many images.
        seed: decides which images and what is done to them; None draws one.

    Returns:
        The seed; and of each image its path, relative to the dataset, and its picture (PNG).

    Raises:
        UserError: no such dataset or task, the dataset is not split, the task is of another type or has no parameters,
            or an image has become unreadable.
    """
    dataset = services.workspace.dataset(did)
    params = _params(services, dataset, tid) if tid else default_params(dataset.type)
    seed = secrets.randbelow(MOST_SEED + 1) if seed is None else seed
    return seed, _drawn(services, dataset, params, count, seed)


def sketch(services: Services, did: str, params: Mapping[str, Any], count: int, seed: int) -> list[tuple[str, bytes]]:
    """The same for parameters that no task has yet, in pictures that are small enough to be sent at each change.

    Args:
        services: of the server.
        did: the dataset.
        params: training parameters of its type, as ``check_params`` gives them.
        count: how many images.
        seed: decides which images and what is done to them.

    Returns:
        Of each image its path, relative to the dataset, and its picture (WebP, at most 320 pixels a side).

    Raises:
        UserError: no such dataset, it is not split, or an image has become unreadable.
    """
    return _drawn(services, services.workspace.dataset(did), params, count, seed, most_side=_SKETCH_SIDE, form="WEBP")


def _drawn(
    services: Services, dataset: pb.Dataset, params: Mapping[str, Any], count: int, seed: int, **form: Any
) -> list[tuple[str, bytes]]:
    # OpenCV is loaded with the first preview: a server that is never asked for one needs no memory for it.
    from paddlex_restful.imaging.preview import draw_previews

    datasets.require_imported(services, dataset)
    folder = services.workspace.folder(dataset)
    samples = formats.samples(folder, dataset.type, "train")
    labels = formats.labels(folder)
    drawn = draw_previews(samples, dataset.type, params, labels, count, seed, **form)
    return [(path.relative_to(folder).as_posix(), picture) for path, picture in drawn]


def _params(services: Services, dataset: pb.Dataset, tid: str) -> dict[str, Any]:
    project = services.workspace.project(services.workspace.task(tid).pid)
    if project.type != dataset.type:
        raise UserError(sentences.OTHER_TYPE, tid=tid, task_type=project.type, did=dataset.id, type=dataset.type)
    return tasks.get_params(services, tid)
