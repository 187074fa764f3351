"""Pruning of trained tasks: the analysis of sensitivities, and what a pruned training is to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from paddlex_restful.enums import PruneStatus
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import LOG_FILE
from paddlex_restful.jobs.files import job_folder, read_json
from paddlex_restful.messages import pruning as sentences
from paddlex_restful.params.pruning import pruning_obstacle
from paddlex_restful.results import SENSITIVITIES_FILE
from paddlex_restful.services import Services, inputs, status, tasks, trained
from paddlex_restful.workspace import workspace_pb2 as pb

_FOLDER = "prune"


def start(services: Services, tid: str) -> None:
    """Starts the analysis of a task's model or, for a task with a parent, of the parent's; it goes on where another one
    on the same model ended.

    Raises:
        UserError: there is no trained model, the model cannot be pruned, or a job of the task runs.
    """
    with services.gate:
        task = services.workspace.task(tid)
        tasks.refuse_while_busy(services, tid, "train", "prune")
        analysed = _parent(services, task) if task.parent_id else task
        project = services.workspace.project(task.pid)
        params = tasks.get_params(services, analysed.id)
        refuse_unprunable(params)
        dataset = inputs.split_dataset(services, project)
        args = {
            "type": project.type,
            "params": params,
            "dataset": services.workspace.relative(services.workspace.folder(dataset)),
            "model": trained.checkpoint(services, analysed, None),
            "output": services.workspace.relative(trained.folder(services, task, _FOLDER)),
        }
        gpus = inputs.existing_gpus(tasks.gpus_of(params))[:1]
        services.jobs.submit("prune", tid, job_folder(services.workspace.folder(task), "prune"), args, gpus)


def stop(services: Services, tid: str) -> None:
    """Stops the analysis of a task; what was measured is kept."""
    services.workspace.task(tid)
    job = services.jobs.latest(tid, "prune")
    if job is None or not job.active:
        raise UserError(sentences.NOT_RUNNING, tid=tid)
    services.jobs.stop(job)


def get(services: Services, tid: str) -> dict[str, Any]:
    """Status of the analysis of a task; null where none was started."""
    services.workspace.task(tid)
    job = services.jobs.latest(tid, "prune")
    if job is None:
        return {"prune_status": None, "message": sentences.NEVER_ANALYSED.format(tid=tid)}
    state = status.prune_status(job, services.jobs.progress)
    message = job.message if state is PruneStatus.XSPRUNEFAIL else sentences.STATUS[state]
    return {"prune_status": int(state), "message": message}


def log(services: Services, tid: str) -> dict[str, Any] | None:
    """How far the analysis of a task is; None where none was started."""
    task = services.workspace.task(tid)
    job = services.jobs.latest(tid, "prune")
    if job is None:
        return None
    told = services.jobs.progress(job)
    log_file = job_folder(services.workspace.folder(task), "prune") / LOG_FILE
    return {name: told.get(name) for name in ("eta", "iters", "current", "progress")} | {"log_file": str(log_file)}


def sensitivities(services: Services, tid: str) -> dict[str, Any]:
    """What an analysis measured: the plot of the loss of the metric against the share of the FLOPs, and each layer.

    Raises:
        UserError: nothing was measured yet.
    """
    task = services.workspace.task(tid)
    found = read_json(_file(services, task))
    if found is None:
        raise UserError(sentences.NEVER_ANALYSED, tid=tid)
    return {
        "sensitivities_loss_img": {str(loss): share for loss, share in found["curve"]},
        "metric": found["metric"],
        "baseline": found["baseline"],
        "layers": found["layers"],
        "channels": found["channels"],
    }


@dataclass(frozen=True)
class Tradeoff:
    """What pruning a model takes away, against what it costs.

    Attributes:
        metric: name of the figure.
        baseline: its value for the whole net.
        points: shares of the FLOPs, rising from 0, each with the least relative loss of the metric that has to be
            allowed to each layer for it.
    """

    metric: str
    baseline: float
    points: tuple[tuple[float, float], ...]

    @property
    def most(self) -> float:
        """The largest share of the FLOPs that can be removed."""
        return self.points[-1][0]

    def loss(self, share: float) -> float:
        """The loss that has to be allowed for a share of the FLOPs, on straight lines between the points."""
        for (before, cheap), (after, dear) in pairwise(self.points):
            if share <= after:
                return cheap + (dear - cheap) * (share - before) / (after - before)
        return self.points[-1][1]

    def share(self, loss: float) -> float:
        """The share of the FLOPs that can be removed at most where this loss is allowed."""
        return max(share for share, cost in self.points if cost <= loss)


def tradeoff(services: Services, tid: str) -> Tradeoff | None:
    """What the analysis of a task's present model found; None before its end."""
    if trained.complete(services, tid, "prune") is None:
        return None
    found = sensitivities(services, tid)
    points = [(0.0, 0.0)]
    for loss, share in found["sensitivities_loss_img"].items():
        if share > points[-1][0]:
            points.append((share, float(loss)))
    return Tradeoff(found["metric"], found["baseline"], tuple(points))


def training_args(
    services: Services,
    task: pb.Task,
    params: Mapping[str, Any],
    pruned_flops: float | None,
    eval_metric_loss: float | None,
) -> dict[str, Any] | None:
    """What the training of a task is to prune; None for a task without a parent.

    Args:
        services: of the server.
        task: the task.
        params: its parameters; their ``pruned_flops`` counts where the call says nothing.
        pruned_flops: the share of the FLOPs to remove.
        eval_metric_loss: the relative loss of the metric that each layer may cost.

    Raises:
        UserError: too much or too little is said, an analysis is missing, or the parent is not trained, is gone, or is
            of another model.
    """
    if not task.parent_id:
        # Clients of the original send the fields of their form along with every training.
        return None
    parent = _parent(services, task)
    if pruned_flops is None and eval_metric_loss is None:
        pruned_flops = params.get("pruned_flops")
    if (pruned_flops is None) == (eval_metric_loss is None):
        raise UserError(sentences.ONE_GOAL, tid=task.id, parent=parent.id)
    if pruned_flops is not None and not 0 < pruned_flops < 1:
        raise UserError(sentences.IMPOSSIBLE_SHARE, value=pruned_flops)
    if eval_metric_loss is not None and not 0 < eval_metric_loss <= 1:
        raise UserError(sentences.IMPOSSIBLE_LOSS, value=eval_metric_loss)
    refuse_unprunable(params)
    parents = tasks.get_params(services, parent.id)
    if _named(parents) != _named(params):
        raise UserError(
            sentences.OTHER_MODEL, tid=task.id, parent=parent.id, parents=_named(parents), own=_named(params)
        )
    measured = next((file for each in (task, parent) if (file := _file(services, each)).is_file()), None)
    if measured is None and eval_metric_loss is not None:
        raise UserError(sentences.NOT_ANALYSED, tid=task.id, parent=parent.id)
    return {
        "model": trained.checkpoint(services, parent, None),
        "sensitivities": services.workspace.relative(measured) if measured is not None else None,
        "pruned_flops": pruned_flops,
        "eval_metric_loss": eval_metric_loss,
    }


def refuse_unprunable(params: Mapping[str, Any]) -> None:
    """Raises a UserError if the model that parameters name cannot be pruned."""
    if (obstacle := pruning_obstacle(params["model"])) is not None:
        raise UserError(obstacle, model=params["model"])


def refusal(services: Services, tid: str) -> UserError | None:
    """Why the model of a task cannot be pruned, trained or not; None where it can, or where none is chosen yet."""
    if not services.workspace.task(tid).configured:
        return None
    try:
        refuse_unprunable(tasks.get_params(services, tid))
    except UserError as error:
        return error
    return None


def _parent(services: Services, task: pb.Task) -> pb.Task:
    parent = services.workspace.state.tasks.get(task.parent_id)
    if parent is None:
        raise UserError(sentences.PARENT_GONE, tid=task.id, parent=task.parent_id)
    return parent


def _named(params: Mapping[str, Any]) -> str:
    backbone = params.get("backbone")
    return f"{params['model']} on {backbone}" if backbone else str(params["model"])


def _file(services: Services, task: pb.Task) -> Path:
    return trained.folder(services, task, _FOLDER) / SENSITIVITIES_FILE
