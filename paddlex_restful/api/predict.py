"""/project/task/predict: predict one picture, pictures on the server, or the test split."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import Page
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.schemas.prediction import Predictions, PredictionState, StartedPrediction
from paddlex_restful.api.task import TID
from paddlex_restful.services import Services, findings, prediction

blueprint = Blueprint("predict", __name__)


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
