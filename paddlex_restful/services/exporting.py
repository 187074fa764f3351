"""Export of a trained task as a model that runs elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import LOG_FILE
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.messages import inference as sentences
from paddlex_restful.params import exports
from paddlex_restful.services import Services, files, inputs, status, tasks, trained
from paddlex_restful.workspace import workspace_pb2 as pb

_EXPORTS = "exports"
"""The one folder of the workspace for exports; the others are the server's own."""

_TOLD = ("save_dir", "model_name", "format", "quantised", "pruned", "size", "metric", "latency_ms", "difference")
"""What the result of an export is told of."""

_MOST_LEVELS = 200
"""How deep a new folder may lie: Python makes each of its parents by a call within a call."""


@dataclass(frozen=True)
class Wish:
    """What an export shall be.

    Attributes:
        kind: infer (inference is the same) or onnx.
        save_dir: absolute path of a new or empty folder.
        epoch: a saved epoch; None takes the best one.
        opset: onnx: version of the set of operators; None takes the usual one.
    """

    kind: str
    save_dir: str
    epoch: int | None = None
    opset: int | None = None


def start(services: Services, tid: str, wish: Wish) -> Path:
    """Starts an export and returns the folder in which it will lie.

    Raises:
        UserError: the task is not trained or at work, its model cannot be exported so, or the folder cannot be used.
    """
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    with services.gate:
        tasks.refuse_while_busy(services, tid, "export")
        model = trained.checkpoint(services, task, wish.epoch)
        special = _format(services, project, tasks.get_params(services, tid), wish)
        target = _save_dir(services, wish.save_dir)
        _refuse_shared(services, target)
        trained.submit(
            services, task, "export", {"type": project.type, "model": model, "save_dir": str(target), **special}
        )
    return target


def _format(services: Services, project: pb.Project, params: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    """The format of an export and what it needs, as the job's arguments."""
    if wish.kind in ("infer", "inference"):
        return {"format": "infer"}
    if wish.kind == "onnx":
        if (refusal := exports.onnx_refusal(project.type, params)) is not None:
            raise UserError(sentences.REFUSAL, refusal=refusal)
        opset = exports.DEFAULT_OPSET if wish.opset is None else wish.opset
        if opset not in exports.OPSETS:
            raise UserError(sentences.BAD_OPSET, opset=opset, least=exports.OPSETS[0], most=exports.OPSETS[-1])
        return {"format": "onnx", "opset": opset, "dataset": _dataset(services, project)}
    raise UserError(sentences.UNKNOWN_EXPORT, type=wish.kind)


def _dataset(services: Services, project: pb.Project) -> str:
    dataset = inputs.split_dataset(services, project)
    return services.workspace.relative(services.workspace.folder(dataset))


def _refuse_shared(services: Services, target: Path) -> None:
    for job in services.jobs.active():
        if job.kind == "export" and job.args["save_dir"] == str(target):
            raise UserError(sentences.SAVE_DIR_IN_USE, path=target, tid=job.subject)


def get(services: Services, tid: str) -> dict[str, Any]:
    """Status of the newest export, and once it is done what is known of it (null before)."""
    task = services.workspace.task(tid)
    jobs = services.jobs.jobs_of(tid)
    job = jobs.get("export")
    log = files.failure_log(job_folder(services.workspace.folder(task), "export"), job)
    if job is None:
        state = status.task_state(task, jobs, services.jobs.progress)
        message = sentences.NOT_EXPORTED.format(tid=tid)
        return {"export_status": int(state), "message": message, **dict.fromkeys(_TOLD), **log}
    state, message = status.inference_status(job, task, jobs, services.jobs.progress)
    result = job.result or {}
    return {"export_status": int(state), "message": message, **{name: result.get(name) for name in _TOLD}, **log}


def quantisation_log(services: Services, tid: str) -> dict[str, Any]:
    """How a quantised export goes: stage, duration and log of the newest export."""
    task = services.workspace.task(tid)
    log = job_folder(services.workspace.folder(task), "export") / LOG_FILE
    return {"stage": None, "running_duration": None, "log_file": str(log)}


def quantisation_result(services: Services, tid: str) -> dict[str, Any]:
    """Figures before and after the quantisation of the newest export; empty where nothing was quantised."""
    services.workspace.task(tid)
    return {}


def stop(services: Services, tid: str) -> dict[str, Any]:
    """Stops an export that runs, and tells how it stands."""
    services.workspace.task(tid)
    trained.stop(services, tid, "export")
    return get(services, tid)


def _save_dir(services: Services, named: str) -> Path:
    path = Path(named)
    if not path.is_absolute():
        raise UserError(sentences.SAVE_DIR_RELATIVE, path=named)
    try:
        target = path.resolve()
    except RuntimeError:  # as Python below 3.13 tells a loop of links
        raise UserError(sentences.SAVE_DIR_UNWRITABLE, path=named) from None
    if len(target.parts) > _MOST_LEVELS:
        raise UserError(sentences.SAVE_DIR_TOO_DEEP, levels=_MOST_LEVELS)
    root = services.workspace.root
    if target.is_relative_to(root) and root / _EXPORTS not in target.parents:
        raise UserError(sentences.SAVE_DIR_TAKEN, path=target, exports=root / _EXPORTS)
    if target.exists() and not target.is_dir():
        raise UserError(sentences.SAVE_DIR_NOT_FOLDER, path=target)
    if target.is_dir() and any(target.iterdir()):
        raise UserError(sentences.SAVE_DIR_NOT_EMPTY, path=target)
    existing = next(parent for parent in (target, *target.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(sentences.SAVE_DIR_UNWRITABLE, path=target)
    return target
