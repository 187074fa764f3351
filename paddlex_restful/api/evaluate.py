"""/project/task/evaluate: evaluate a trained task, read the result, write the Excel report."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import Page
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.evaluation import ErrorPicture, Errors, EvaluationState, Report
from paddlex_restful.api.task import TID
from paddlex_restful.messages import inference as sentences
from paddlex_restful.services import Services, evaluation, findings, versions

blueprint = Blueprint("evaluate", __name__)


class StartEvaluation(Arguments):
    """Arguments of POST /project/task/evaluate."""

    tid: str = Field(description=TID)
    epoch: int | None = Field(None, description="a saved epoch; the best one if absent")
    topk: int = Field(5, ge=1, description="how many guesses count for the top-k accuracy")
    score_thresh: float = Field(0.5, ge=0, le=1, description="lowest score of a detected object")
    overlap_thresh: float = Field(0.3, ge=0, le=1, description="lowest IoU with the true object")


@call(blueprint, "POST", "/project/task/evaluate", Nothing)
def start(args: StartEvaluation, services: Services) -> None:
    """Starts the evaluation of a trained task."""
    evaluation.start(services, args.tid, args.epoch, args.topk, args.score_thresh, args.overlap_thresh)


class GetEvaluation(Arguments):
    """Arguments of GET /project/task/evaluate and /project/task/evaluate/file."""

    tid: str = Field(description=TID)


@call(blueprint, "GET", "/project/task/evaluate", EvaluationState)
def get(args: GetEvaluation, services: Services) -> dict[str, Any]:
    """Status of the evaluation of a task, and its result."""
    with until_changed(versions.of_entry, services, args.tid):
        return evaluation.get(services, args.tid)


@call(blueprint, "GET", "/project/task/evaluate/file", Report, changes=True)
def report(args: GetEvaluation, services: Services) -> dict[str, Any]:
    """Writes the result of the evaluation as an Excel file and answers with its path."""
    return {"path": str(evaluation.report(services, args.tid)), "message": sentences.REPORT_WRITTEN}


_PICTURE = "/project/task/evaluate/errors/picture"


class ListErrors(Page, GetEvaluation):
    """Arguments of GET /project/task/evaluate/errors."""


@call(blueprint, "GET", "/project/task/evaluate/errors", Errors)
def list_errors(args: ListErrors, services: Services) -> dict[str, Any]:
    """The images that the evaluated model was wrong about, worst first."""
    found = findings.list_errors(services, args.tid, args.offset, args.limit)
    for entry in found["errors"]:
        entry["picture"] = f"{_PICTURE}?{urlencode({'tid': args.tid, 'image': entry['image']})}"
    return found


class GetErrorPicture(GetEvaluation):
    """Arguments of GET /project/task/evaluate/errors/picture."""

    image: str = Field(description="path of an evaluated image, relative to the dataset")


@call(blueprint, "GET", _PICTURE, ErrorPicture)
def error_picture(args: GetErrorPicture, services: Services) -> dict[str, Any]:
    """An evaluated image with its labels, and beside it with what the model answered."""
    picture = findings.error_picture(services, args.tid, args.image)
    return {"img_data": base64.b64encode(picture).decode("ascii")}
