"""/project/task/predict: predict one picture, pictures on the server, or the test split. /predict: at once."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, request
from pydantic import Field

from paddlex_restful.api.arguments import Page
from paddlex_restful.api.calls import Arguments, FilePart, call
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.prediction import DirectPredictions, Predictions, PredictionState, StartedPrediction
from paddlex_restful.api.task import TID
from paddlex_restful.paths import readable
from paddlex_restful.services import Services, answering, findings, prediction, versions
from paddlex_restful.services.answering import SentPicture

blueprint = Blueprint("predict", __name__)

_IMAGES = FilePart(f"JPEG, PNG or BMP files, at most {answering.MOST_PICTURES}", many=True)


class StartPrediction(Arguments):
    """Arguments of POST /project/task/predict; neither picture nor list asks for the test split."""

    tid: str = Field(description=TID)
    image_data: str | None = Field(None, description="a picture as base64")
    img_list: list[str] | None = Field(None, description="absolute paths of pictures on the server")
    score_thresh: float = Field(0.5, ge=0, le=1, description="lowest score of an object that is shown")
    epoch: int | None = Field(None, description="a saved epoch; the best one if absent")


@call(blueprint, "POST", "/project/task/predict", StartedPrediction)
def start(args: StartPrediction, services: Services) -> dict[str, Any]:
    """Starts a prediction; for one picture, answers with the path of the result picture."""
    if args.image_data is not None:
        path = prediction.start_single(services, args.tid, args.image_data, args.score_thresh, args.epoch)
        return {"path": str(path)}
    if args.img_list is not None:
        prediction.start_list(services, args.tid, args.img_list, args.score_thresh, args.epoch)
    else:
        prediction.start_test_split(services, args.tid, args.score_thresh, args.epoch)
    return {"path": None}


class GetPrediction(Arguments):
    """Arguments of GET and PUT /project/task/predict."""

    tid: str = Field(description=TID)


@call(blueprint, "GET", "/project/task/predict", PredictionState)
def get(args: GetPrediction, services: Services) -> dict[str, Any]:
    """Status of a prediction and how many pictures are done."""
    with until_changed(versions.of_entry, services, args.tid):
        return prediction.get(services, args.tid)


@call(blueprint, "PUT", "/project/task/predict", PredictionState)
def stop(args: GetPrediction, services: Services) -> dict[str, Any]:
    """Stops a prediction."""
    return prediction.stop(services, args.tid)


class ListPredictions(Page, GetPrediction):
    """Arguments of GET /project/task/predict/result."""


@call(blueprint, "GET", "/project/task/predict/result", Predictions)
def result(args: ListPredictions, services: Services) -> dict[str, Any]:
    """What was predicted for each image."""
    return findings.list_predictions(services, args.tid, args.offset, args.limit)


class PredictPictures(Arguments):
    """Arguments of POST /predict; the pictures come as files named ``image`` in a form, or as ``image_data``."""

    tid: str | None = Field(None, description="id of a task that was trained, such as T0001")
    mid: str | None = Field(None, description="id of a saved model, such as PM0001; one of the two")
    image_data: str | None = Field(None, description="a picture as base64; several come as files")
    score_thresh: float = Field(0.5, ge=0, le=1, description="lowest score of an object that is told")
    epoch: int | None = Field(None, description="a saved epoch of the task; the best one if absent")
    picture: bool = Field(False, description="whether the drawn pictures are wanted, too")


@call(blueprint, "POST", "/predict", DirectPredictions, body="form", files={"image": _IMAGES})
def answer(args: PredictPictures, services: Services) -> dict[str, Any]:
    """Predicts pictures with a trained model, which stays loaded, and answers with what it says of them."""
    sent = [] if args.image_data is None else [SentPicture("image_data", prediction.decode_picture(args.image_data))]
    if request.mimetype == "multipart/form-data":
        files = request.files.getlist("image")
        sent += [SentPicture(readable(file.filename or "image"), file.stream.read()) for file in files]
    found = answering.predict(services, args.tid, args.mid, sent, args.score_thresh, args.epoch, args.picture)
    return {"predictions": [_told(each) for each in found]}


def _told(found: answering.Prediction) -> dict[str, Any]:
    if found.picture is None:
        return dict(found.told)
    return {**found.told, "img_data": base64.b64encode(found.picture).decode("ascii")}
