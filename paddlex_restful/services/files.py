"""Files of the workspace, as they are asked for: pictures, logs, annotations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from paddlex_restful import datasets as formats
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.context import LOG_FILE
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import file as sentences
from paddlex_restful.messages import paths as path_sentences
from paddlex_restful.paths import confine, readable
from paddlex_restful.services import Services, datasets
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import HOMES

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp"})
LOGS = frozenset({".log", ".txt"})
BYTES = frozenset({".xml", ".npy", ".json"})
MODELS = frozenset({".pdparams", ".pdiparams", ".pdmodel", ".yml", ".nb", ".onnx"})

LOG_LINES = 10_000
"""How many lines of a log are given at most, unless others are asked for."""

TAIL_LINES = 20
"""How many lines of its log are told of a job that failed."""

TAIL_LENGTH = 500
"""How many characters of each of them."""

_GIVEN = (*HOMES, "demos", "exports")
"""Folders of the workspace whose files are given; what else lies in it are the server's own records and secrets."""

_BLOCK = 1 << 16


def find(services: Services, path: str, kinds: frozenset[str], did: str | None = None) -> Path:
    """The file of this path, of one of these kinds.

    Args:
        services: of the server.
        path: absolute, or relative to the dataset if one is named, else to the workspace.
        kinds: endings that are served here, with their dot.
        did: dataset in which the file must lie.

    Raises:
        UserError: it lies outside the workspace or the dataset, is a record of the server, of another kind, or missing.
    """
    roots = [services.workspace.root]
    if did:
        roots = [services.workspace.folder(services.workspace.dataset(did))]
    found = confine(path, *roots)
    if found.suffix.lower() not in kinds:
        raise UserError(sentences.UNKNOWN_KIND, suffix=found.suffix, kinds=", ".join(sorted(kinds)))
    place = found.relative_to(services.workspace.root).parts
    # Of a job's folder, which lies below that of an entry, the log alone is for people.
    if (place and place[0] not in _GIVEN) or (found.parent.parent.name == "job" and found.name != LOG_FILE):
        raise UserError(path_sentences.PATH_OF_RECORDS, path=readable(path))
    if not found.is_file():
        raise UserError(sentences.NO_SUCH_FILE, path=readable(path))
    return found


def is_picture(path: str) -> bool:
    """Whether a path is named like a picture."""
    return Path(path).suffix.lower() in PICTURES


def labelled_picture(services: Services, path: str, did: str) -> bytes:
    """A picture of a dataset as PNG, with its labels drawn."""
    dataset = services.workspace.dataset(did)
    found = find(services, path, PICTURES, did)
    datasets.ensure_described(services, dataset)
    folder = services.workspace.folder(dataset)
    return formats.draw(folder, dataset.type, found.relative_to(folder.resolve()).as_posix())


def log_lines(path: Path, offset: int | None = None, limit: int = LOG_LINES) -> list[str]:
    """Lines of a log, the last ones if no offset is given.

    Args:
        path: the log.
        offset: number of the first line, from 0.
        limit: how many lines at most.
    """
    if offset is None:
        return _last_lines(path, limit)
    with path.open(encoding="utf-8", errors="replace") as log:
        return [line.rstrip("\n") for line in islice(log, offset, offset + limit)]


def failure_log(folder: Path, job: Job | None) -> dict[str, Any]:
    """Where the log of a job lies, and its last lines if the job failed.

    Args:
        folder: the job's folder.
        job: its record, if there is one.

    Returns:
        ``log_file`` and ``log_tail``.
    """
    log = folder / LOG_FILE
    failed = job is not None and job.state == states.FAILED
    return {"log_file": str(log), "log_tail": _tail(log) if failed else []}


def _tail(log: Path) -> list[str]:
    try:
        block = next(_blocks_from_end(log), b"")
    except FileNotFoundError:  # no process was started for it
        return []
    lines = block.decode("utf-8", errors="replace").rstrip("\n").split("\n")
    return [line[:TAIL_LENGTH] for line in lines[-TAIL_LINES:]] if block else []


def _last_lines(path: Path, limit: int) -> list[str]:
    blocks: list[bytes] = []
    newlines = 0
    for block in _blocks_from_end(path):
        blocks.append(block)
        newlines += block.count(b"\n")
        # One newline more than lines are asked for: the first of these lines is whole then.
        if newlines > limit:
            break
    lines = b"".join(reversed(blocks)).removesuffix(b"\n").split(b"\n")
    return [line.decode("utf-8", errors="replace") for line in lines[-limit:]] if blocks else []


def _blocks_from_end(path: Path) -> Iterator[bytes]:
    with path.open("rb") as log:
        position = log.seek(0, os.SEEK_END)
        while position > 0:
            size = min(_BLOCK, position)
            position -= size
            log.seek(position)
            yield log.read(size)


def instance_annotation(services: Services, path: str) -> dict[str, Any]:
    """Objects of an image of an instance segmentation dataset.

    Clients of the original ask with the path of an ``.npy`` file of the image's name, which held a pickle; what it told
    is taken from the annotations of the dataset instead, so that no pickle is ever read.

    Args:
        services: of the server.
        path: path of the image, or of a file that is named like it.

    Returns:
        ``gt_bbox`` (n × [x1, y1, x2, y2] in pixels), ``gt_class`` (n × [index of the class]), ``gt_poly`` (n lists of
        polygons, each a list of x, y in pixels), ``h`` and ``w`` of the image in pixels.
    """
    found = confine(path, services.workspace.root)
    dataset = _dataset_of(services, found)
    datasets.ensure_described(services, dataset)
    sample = formats.find_sample(services.workspace.folder(dataset), dataset.type, found.stem)
    if sample is None or not isinstance(sample.label, list):
        raise UserError(sentences.NOT_AN_ANNOTATION, path=path)
    width, height = formats.image_size(str(sample.image))
    return {
        "gt_bbox": [item["bbox"] for item in sample.label],
        "gt_class": [[item["category"]] for item in sample.label],
        "gt_poly": [item.get("segmentation", []) for item in sample.label],
        "h": height,
        "w": width,
    }


def _dataset_of(services: Services, path: Path) -> pb.Dataset:
    for dataset in services.workspace.datasets():
        if path.is_relative_to(services.workspace.folder(dataset)):
            return dataset
    raise UserError(sentences.NOT_IN_A_DATASET, path=path)
