"""/project/task/train and /project/task/metrics: start, stop and resume a training, and what it measured."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.training import BestMetric, Evaluations, PruneLog, Sensitivities, TrainLog
from paddlex_restful.api.task import TID
from paddlex_restful.services import Services, pruning, training, versions

blueprint = Blueprint("train", __name__)


class StartTraining(Arguments):
    """Arguments of POST /project/task/train."""

    tid: str = Field(description=TID)
    eval_metric_loss: float | None = Field(
        None, description="for a task with parent_id: loss of the metric, as a share of it, that each layer may cost"
    )
    pruned_flops: float | None = Field(None, description="for a task with parent_id: share of the FLOPs to remove")


@call(blueprint, "POST", "/project/task/train", Nothing)
def start(args: StartTraining, services: Services) -> None:
    """Starts the training of a task, from its first epoch."""
    training.start(services, args.tid, args.pruned_flops, args.eval_metric_loss)


class ChangeTraining(Arguments):
    """Arguments of PUT /project/task/train."""

    tid: str = Field(description=TID)
    act: Literal["stop", "resume"] = Field(description="stop or resume")
    epoch: int | None = Field(None, description="resume: the saved epoch to go on from; the last one if absent")


@call(blueprint, "PUT", "/project/task/train", Nothing)
def change(args: ChangeTraining, services: Services) -> None:
    """Stops a training, or lets a stopped one go on."""
    if args.act == "stop":
        training.stop(services, args.tid)
    else:
        training.resume(services, args.tid, args.epoch)


class GetMetrics(Arguments):
    """Arguments of GET /project/task/metrics."""

    tid: str = Field(description=TID)
    type: Literal["train", "eval", "eval_all", "sensitivities", "prune"] = Field(
        description="train, eval, eval_all, sensitivities or prune"
    )


@call(blueprint, "GET", "/project/task/metrics", TrainLog, BestMetric, Evaluations, PruneLog, Sensitivities)
def metrics(args: GetMetrics, services: Services) -> dict[str, Any]:
    """How a training or an analysis stands, and what it measured."""
    if args.type == "sensitivities":
        return pruning.sensitivities(services, args.tid)
    with until_changed(versions.of_entry, services, args.tid):
        if args.type == "train":
            return {"train_log": training.train_log(services, args.tid)}
        if args.type == "eval":
            best = training.best_metric(services, args.tid)
            return {"eval_metric": best, "eval_metrics": best}
        if args.type == "eval_all":
            return training.evaluations(services, args.tid)
        return {"prune_log": pruning.log(services, args.tid)}
