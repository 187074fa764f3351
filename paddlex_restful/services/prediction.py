"""Prediction with a trained task: one picture, pictures on the server, or the test split."""

from __future__ import annotations

import base64
import binascii
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddlex_restful.datasets.imagefile import BadImage, told_size
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import inference as sentences
from paddlex_restful.messages.dataset import EMPTY_FILE, NOT_AN_IMAGE
from paddlex_restful.paths import readable, unmoved
from paddlex_restful.results import SINGLE_PICTURE
from paddlex_restful.services import Services, datasets, files, inputs, status, tasks, trained, uploads
from paddlex_restful.services.uploads import SentFile
from paddlex_restful.workspace import workspace_pb2 as pb

_INPUT = "input"
"""The folder with the pictures that clients sent, in that of the prediction."""


def start_single(services: Services, tid: str, image_data: str, score_thresh: float, epoch: int | None) -> Path:
    """Starts the prediction of one picture and returns the path at which the result picture will lie.

    Args:
        services: of the server.
        tid: the task.
        image_data: the picture's bytes in base64, with or without a ``data:`` prefix.
        score_thresh: lowest score of an object that is shown.
        epoch: a saved epoch; None takes the best one.
    """
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    model = trained.checkpoint(services, task, epoch)
    picture = decode_picture(image_data)
    output = trained.folder(services, task, "predict")
    source = output / _INPUT / "picture"
    args = _args(project, model, score_thresh, images=[str(source)], single=True)
    with services.gate:
        _empty(services, task, output)
        source.parent.mkdir()
        source.write_bytes(picture)
        _submit(services, task, output, args)
    return output / SINGLE_PICTURE


def start_list(services: Services, tid: str, images: Sequence[str], score_thresh: float, epoch: int | None) -> Job:
    """Starts the prediction of pictures that lie on the server."""
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    model = trained.checkpoint(services, task, epoch)
    if not images:
        raise UserError(sentences.EMPTY_IMG_LIST)
    found = [str(_image(services, image)) for image in images]
    return _start(services, task, {**_args(project, model, score_thresh, images=found), "names": list(images)})


def start_sent(services: Services, tid: str, sent: Sequence[SentFile], score_thresh: float, epoch: int | None) -> Job:
    """Starts the prediction of pictures that came with the request; they stay until the next prediction.

    Args:
        services: of the server.
        tid: the task.
        sent: the pictures.
        score_thresh: lowest score of an object that is told.
        epoch: a saved epoch; None takes the best one.
    """
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    model = trained.checkpoint(services, task, epoch)
    if not sent:
        raise UserError(sentences.NO_PICTURES)
    tasks.refuse_while_busy(services, tid, "train", "predict")
    output = trained.folder(services, task, "predict")
    source = output / _INPUT
    images = [str(source / str(number)) for number in range(len(sent))]
    args = _args(project, model, score_thresh, images=images)
    held = services.uploads.hold(f"pictures for {tid}", [file.content for file in sent], uploads.in_use(services))
    try:
        with services.gate:
            _empty(services, task, output)
            source.mkdir()
            for image in images:
                (services.uploads.folder(held.id) / Path(image).name).rename(image)
            names = [readable(file.name) for file in sent]
            return _submit(services, task, output, {**args, "names": names})
    finally:
        services.uploads.remove(held.id)


def _image(services: Services, named: str) -> Path:
    if not Path(named).is_absolute():
        raise UserError(sentences.RELATIVE_IMAGE, path=readable(named))
    image = services.roots.to_read(named)
    if not image.is_file():
        raise UserError(sentences.NO_SUCH_IMAGE, path=readable(named))
    return image


def start_test_split(services: Services, tid: str, score_thresh: float, epoch: int | None) -> Job:
    """Starts the prediction of the test split of the project's dataset."""
    with services.gate:
        task = services.workspace.task(tid)
        project = services.workspace.project(task.pid)
        model = trained.checkpoint(services, task, epoch)
        dataset = inputs.bound_dataset(services, project)
        found = datasets.details(services, dataset.id) or {}
        if not found.get("test_files"):
            raise UserError(sentences.NO_TEST_SPLIT, did=dataset.id)
        dataset_folder = services.workspace.relative(services.workspace.folder(dataset))
        return _start(services, task, _args(project, model, score_thresh, dataset=dataset_folder))


def get(services: Services, tid: str) -> dict[str, Any]:
    """Status of the newest prediction and how many of its pictures are done."""
    task = services.workspace.task(tid)
    job = services.jobs.latest(tid, "predict")
    log = files.failure_log(job_folder(services.workspace.folder(task), "predict"), job)
    if job is None:
        message = sentences.NOT_PREDICTED.format(tid=tid)
        return {"predict_status": None, "message": message, "predict_num": 0, "total_num": 0, **log}
    progress = services.jobs.progress(job)
    if job.active:
        message = job.message if job.state == states.QUEUED else sentences.PREDICTING
    else:
        message = job.message or sentences.PREDICTED
    return {
        "predict_status": int(status.predict_status(job)),
        "message": message,
        "predict_num": progress.get("predict_num", 0),
        "total_num": progress.get("total_num", 0),
        **log,
    }


def stop(services: Services, tid: str) -> dict[str, Any]:
    """Stops a prediction that runs, and tells how it stands."""
    services.workspace.task(tid)
    trained.stop(services, tid, "predict")
    return get(services, tid)


def decode_picture(image_data: str) -> bytes:
    """The bytes of a picture in base64, which are those of an image that can be used as far as its header tells.

    Raises:
        UserError: they are not.
    """
    text = image_data.partition(",")[2] if image_data.startswith("data:") else image_data
    try:
        picture = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UserError(sentences.BAD_IMAGE_DATA) from None
    check_picture(picture, "image_data", sentences.BAD_IMAGE_DATA)
    return picture


def check_picture(data: bytes, name: str, wrong: str) -> None:
    """Refuses what cannot be a picture by its header; nothing is decoded, what that leaves open is found out later.

    Args:
        data: the file.
        name: what sentences call it.
        wrong: what is said of a file that is no picture at all; ``name`` may be in it.
    """
    try:
        told_size(data)
    except BadImage as error:
        if error.template in (NOT_AN_IMAGE, EMPTY_FILE):
            raise UserError(wrong, name=name) from None
        raise UserError(sentences.UNUSABLE_PICTURE, name=name, reason=error) from None


def _args(
    project: pb.Project,
    model: str,
    score_thresh: float,
    *,
    images: list[str] | None = None,
    dataset: str | None = None,
    single: bool = False,
) -> dict[str, Any]:
    return {
        "type": project.type,
        "model": model,
        "dataset": dataset,
        "images": images,
        "single": single,
        "score_thresh": score_thresh,
    }


def _start(services: Services, task: pb.Task, args: dict[str, Any]) -> Job:
    output = trained.folder(services, task, "predict")
    with services.gate:
        _empty(services, task, output)
        return _submit(services, task, output, args)


def _empty(services: Services, task: pb.Task, output: Path) -> None:
    services.workspace.task(task.id)
    tasks.refuse_while_busy(services, task.id, "train", "predict")
    if unmoved(output).exists():
        shutil.rmtree(output)
    output.mkdir()


def _submit(services: Services, task: pb.Task, output: Path, args: dict[str, Any]) -> Job:
    return trained.submit(services, task, "predict", {**args, "output": services.workspace.relative(output)})
