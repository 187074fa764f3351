"""Export of a trained task as a model that runs elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import LOG_FILE
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.messages import inference as sentences
from paddlex_restful.services import Services, files, status, tasks, trained

_EXPORTS = "exports"
"""The one folder of the workspace for exports; the others are the server's own."""

_MOST_LEVELS = 200
"""How deep a new folder may lie: Python makes each of its parents by a call within a call."""


def start(services: Services, tid: str, kind: str, save_dir: str, epoch: int | None, quant: bool) -> Path:
    """Starts the export of an inference model and returns the folder in which it will lie.

    Args:
        services: of the server.
        tid: the task.
        kind: infer (inference is the same); lite comes later.
        save_dir: absolute path of a new or empty folder.
        epoch: a saved epoch; None takes the best one.
        quant: quantise the model; comes later.
    """
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    if kind == "lite":
        raise UserError(sentences.LITE_NOT_AVAILABLE)
    if kind not in ("infer", "inference"):
        raise UserError(sentences.UNKNOWN_EXPORT, type=kind)
    if quant:
        raise UserError(sentences.QUANT_NOT_AVAILABLE)
    with services.gate:
        tasks.refuse_while_busy(services, tid, "export")
        model = trained.checkpoint(services, task, epoch)
        target = _save_dir(services, save_dir)
        _refuse_shared(services, target)
        args = {"type": project.type, "model": model, "save_dir": str(target), "format": "infer"}
        trained.submit(services, task, "export", args)
    return target


def _refuse_shared(services: Services, target: Path) -> None:
    for job in services.jobs.active():
        if job.kind == "export" and job.args["save_dir"] == str(target):
            raise UserError(sentences.SAVE_DIR_IN_USE, path=target, tid=job.subject)


def get(services: Services, tid: str) -> dict[str, Any]:
    """Status of the newest export, and the name under which PaddleX 3 loads it once it is done."""
    task = services.workspace.task(tid)
    jobs = services.jobs.jobs_of(tid)
    job = jobs.get("export")
    log = files.failure_log(job_folder(services.workspace.folder(task), "export"), job)
    if job is None:
        state = status.task_state(task, jobs, services.jobs.progress)
        message = sentences.NOT_EXPORTED.format(tid=tid)
        return {"export_status": int(state), "message": message, "model_name": None, **log}
    state, message = status.inference_status(job, task, jobs, services.jobs.progress)
    model_name = (job.result or {}).get("model_name")
    return {"export_status": int(state), "message": message, "model_name": model_name, **log}


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
