"""What evaluations and predictions found image by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from paddlex_restful import datasets
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import inference as sentences
from paddlex_restful.metrics.errors import ERRORS, ImageErrors, Wanted, judged
from paddlex_restful.results import PREDICTIONS_FILE, RESULT_FILE
from paddlex_restful.services import Services, evaluation, prediction, status, trained
from paddlex_restful.stamps import Stamp, stamp
from paddlex_restful.workspace import workspace_pb2 as pb

LONGEST = 1000
"""Pixels of the longer side of a picture of an error: enough to look at two images beside each other."""


def list_errors(services: Services, tid: str, offset: int, limit: int, wanted: Wanted = ERRORS) -> dict[str, Any]:
    """The images that the evaluated model was wrong about, worst first; of certain errors, those with most of them.

    Args:
        services: of the server.
        tid: the task.
        offset: how many to leave out at the beginning.
        limit: how many at most.
        wanted: the errors, or what is right in the images.

    Returns:
        ``errors`` (of each image what ``metrics.errors.ImageErrors`` holds, and ``path``, the absolute path of the
        image), ``total`` (how many images have what is wanted) and ``images`` (how many were evaluated).

    Raises:
        UserError: there is no evaluation, or none of the dataset as it is now.
    """
    job, file = _evaluation(services, tid)
    folder = _evaluated_dataset(services, tid, job)
    try:
        images = _judged(str(file), stamp(file), job.args["type"], tuple(datasets.labels(folder)))
    except FileNotFoundError:
        raise UserError(sentences.NO_RECORDS) from None
    amounts = ((wanted.amount(one), one) for one in images)
    found = [(amount, one) for amount, one in amounts if amount]
    if wanted != ERRORS:
        found.sort(key=lambda pair: -pair[0])
    return {
        "errors": [{**asdict(one), "path": str(folder / one.image)} for _, one in found[offset : offset + limit]],
        "total": len(found),
        "images": len(images),
    }


def error_picture(
    services: Services,
    tid: str,
    image: str,
    longest: int = LONGEST,
    headings: tuple[str, str] = sentences.HEADINGS,
) -> bytes:
    """An evaluated image with its labels, and beside it with what the model answered, as PNG.

    Args:
        services: of the server.
        tid: the task.
        image: its path, relative to the dataset.
        longest: pixels that the longer side of either picture has at most.
        headings: of the labels and of the answer.

    Raises:
        UserError: the task was not evaluated on this image, the dataset has changed, or a file is damaged.
    """
    # OpenCV takes a while to import, and few servers draw.
    from paddlex_restful.reports.comparison import compare

    job, file = _evaluation(services, tid)
    folder = _evaluated_dataset(services, tid, job)
    try:
        records = _records(str(file), stamp(file))
    except FileNotFoundError:
        raise UserError(sentences.NO_RECORDS) from None
    if image not in records:
        raise UserError(sentences.NOT_EVALUATED_IMAGE, image=image, tid=tid)
    project_type = job.args["type"]
    sample = datasets.read_sample(folder, project_type, image)
    labels = datasets.labels(folder)
    return compare(sample, orjson.loads(records[image]), project_type, labels, file.parent, longest, headings)


def list_predictions(services: Services, tid: str, offset: int, limit: int) -> dict[str, Any]:
    """What was predicted for each image, in the order of the images.

    Args:
        services: of the server.
        tid: the task.
        offset: how many to leave out at the beginning.
        limit: how many at most.

    Returns:
        ``predictions`` (what the job wrote of each image, with absolute paths of the files) and ``total``.

    Raises:
        UserError: there is no prediction of the trained model that is complete.
    """
    _, folder, found = _predictions(services, tid)
    shown = [orjson.loads(entry) for entry in found[offset : offset + limit]]
    for entry in shown:
        entry |= {name: str(folder / entry[name]) for name in ("picture", "mask") if name in entry}
    return {"predictions": shown, "total": len(found)}


def predicted_image(services: Services, tid: str, index: int) -> Path:
    """The file of an image that was predicted.

    Args:
        services: of the server.
        tid: the task.
        index: of the image among the predictions.

    Raises:
        UserError: there is no such prediction, or clients may no longer have the file read.
    """
    job, _, found = _predictions(services, tid)
    if not 0 <= index < len(found):
        raise UserError(sentences.NO_SUCH_PREDICTION, tid=tid, index=index)
    if job.args["images"] is not None:
        return services.roots.to_read(job.args["images"][index])
    image: str = orjson.loads(found[index])["image"]
    return services.workspace.root.joinpath(job.args["dataset"], image)


def _predictions(services: Services, tid: str) -> tuple[Job, Path, Sequence[bytes]]:
    """The complete prediction of the trained model, its folder, and what it tells of each image, as JSON."""
    task = services.workspace.task(tid)
    jobs = services.jobs.jobs_of(tid)
    job = jobs.get("predict")
    if job is None or job.state != states.DONE:
        raise UserError(sentences.NO_PREDICTIONS, tid=tid, problem=prediction.get(services, tid)["message"])
    if status.current("predict", jobs) is None:
        problem = sentences.PREDICTIONS_OF_OLD_MODEL.format(tid=tid)
        raise UserError(sentences.NO_PREDICTIONS, tid=tid, problem=problem)
    folder = trained.folder(services, task, "predict")
    file = folder / RESULT_FILE
    try:
        return job, folder, _entries(str(file), stamp(file))
    except FileNotFoundError:
        raise UserError(sentences.PREDICTIONS_GONE) from None


def _evaluation(services: Services, tid: str) -> tuple[Job, Path]:
    """The complete evaluation of the trained model, and the file with its answers."""
    task = services.workspace.task(tid)
    job = trained.complete(services, tid, "evaluate")
    if job is None:
        raise UserError(sentences.NO_ERRORS, tid=tid, problem=evaluation.get(services, tid)["message"])
    return job, trained.folder(services, task, "evaluate") / PREDICTIONS_FILE


def _evaluated_dataset(services: Services, tid: str, job: Job) -> Path:
    """Folder of the dataset that was evaluated, as long as it holds what was evaluated."""
    workspace = services.workspace
    found: Sequence[pb.Dataset] = workspace.datasets()
    dataset = next((one for one in found if workspace.relative(workspace.folder(one)) == job.args["dataset"]), None)
    if dataset is None:
        raise UserError(sentences.DATASET_GONE, tid=tid)
    imported = services.jobs.latest(dataset.id, "import")
    if imported is not None and imported.id > job.id:
        raise UserError(sentences.DATASET_CHANGED, did=dataset.id, tid=tid)
    return workspace.folder(dataset)


@lru_cache(maxsize=4)
def _judged(file: str, version: Stamp, project_type: str, labels: tuple[str, ...]) -> list[ImageErrors]:
    """All evaluated images, the worst first; kept while the file is the same."""
    return judged(orjson.loads(Path(file).read_bytes()), project_type, labels)


@lru_cache(maxsize=2)
def _entries(file: str, version: Stamp) -> Sequence[bytes]:
    """What a prediction tells of each image, as JSON, which needs a tenth of the memory; kept like ``_records``."""
    return [orjson.dumps(entry) for entry in orjson.loads(Path(file).read_bytes())]


@lru_cache(maxsize=2)
def _records(file: str, version: Stamp) -> Mapping[str, bytes]:
    """The record of each image, as JSON, which needs a tenth of the memory; kept like ``_judged``."""
    return {record["image"]: orjson.dumps(record) for record in orjson.loads(Path(file).read_bytes())}
