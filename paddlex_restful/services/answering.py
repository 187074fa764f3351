"""Predictions at once: pictures to a trained model that stays loaded, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from paddlex_restful import system
from paddlex_restful.checkpoints import can_be_continued
from paddlex_restful.errors import UserError
from paddlex_restful.messages import inference as sentences
from paddlex_restful.paths import unmoved
from paddlex_restful.services import Services, inputs, models, prediction, tasks, trained
from paddlex_restful.serving import Model, Request
from paddlex_restful.workspace import workspace_pb2 as pb

MOST_PICTURES = 16
"""Of one call."""


class SentPicture(NamedTuple):
    """A picture that came with a call: what sentences call it, and the file."""

    name: str
    data: bytes


class Prediction(NamedTuple):
    """What a model says of a picture: as GET /project/task/predict/result tells it, and the drawn picture as PNG."""

    told: Mapping[str, Any]
    picture: bytes | None


def predict(
    services: Services,
    tid: str | None,
    mid: str | None,
    pictures: Sequence[SentPicture],
    score_thresh: float,
    epoch: int | None,
    draw: bool,
) -> list[Prediction]:
    """Predicts pictures with the model of a task or a saved one.

    Args:
        services: of the server.
        tid: the task; None for a saved model.
        mid: the saved model; None for that of a task.
        pictures: JPEG, PNG or BMP files.
        score_thresh: lowest score of an object that is told and drawn.
        epoch: a saved epoch of the task; None takes the best one.
        draw: whether the drawn pictures are wanted.

    Returns:
        Of each picture in turn; one of several that could not be predicted has ``error``.

    Raises:
        UserError: there is no such model, a picture cannot be used, none could be predicted, or too many wait.
    """
    if not pictures:
        raise UserError(sentences.NO_PICTURE)
    if len(pictures) > MOST_PICTURES:
        raise UserError(sentences.TOO_MANY_PICTURES, count=len(pictures), most=MOST_PICTURES)
    model = _model(services, tid, mid, epoch)
    for picture in pictures:
        prediction.check_picture(picture.data, picture.name, sentences.NOT_A_PICTURE)
    requests = [Request(picture.data, picture.name, score_thresh, picture=draw) for picture in pictures]
    answers = services.predictors.predict(model, requests)
    if all(answer.error for answer in answers):
        raise UserError(sentences.REFUSAL, refusal=answers[0].error)
    return [
        Prediction({"image": picture.name, **({"error": answer.error} if answer.error else answer.told)}, drawn)
        for picture, answer in zip(pictures, answers, strict=True)
        for drawn in [answer.files.get("picture")]
    ]


def _model(services: Services, tid: str | None, mid: str | None, epoch: int | None) -> Model:
    if (tid is None) == (mid is None):
        raise UserError(sentences.ONE_MODEL)
    if mid is not None:
        return _saved_model(services, mid, epoch)
    assert tid is not None
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    folder = services.workspace.root / trained.checkpoint(services, task, epoch)
    # Its parameters are read for their GPUs alone.
    gpus = inputs.existing_gpus(tasks.gpus_of(tasks.get_params(services, tid))) if system.gpu_count() else []
    return Model.of(project.type, unmoved(folder), tuple(gpus[:1]))


def _saved_model(services: Services, mid: str, epoch: int | None) -> Model:
    entry = models.entry(services, mid)
    if isinstance(entry, pb.ExportedModel):
        raise UserError(sentences.EXPORTED_NOT_SERVED, mid=mid)
    if epoch is not None:
        raise UserError(sentences.EPOCH_OF_TASK, mid=mid)
    folder = services.workspace.folder(entry)
    if not can_be_continued(folder):
        raise UserError(sentences.NOT_A_MODEL, mid=mid)
    params = models.details(services, mid)["task_params"] if system.gpu_count() else {}
    gpus = inputs.existing_gpus(tasks.gpus_of(params or {}))
    return Model.of(entry.type, unmoved(folder), tuple(gpus[:1]))
