"""Export of a trained task as a model that runs elsewhere."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddlex_restful.checkpoints import INFO_FILE
from paddlex_restful.diskspace import Disk
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.context import LOG_FILE
from paddlex_restful.jobs.files import job_folder, read_json
from paddlex_restful.messages import inference as sentences
from paddlex_restful.params import exports
from paddlex_restful.paths import readable
from paddlex_restful.results import EXPORT_FILE
from paddlex_restful.services import Services, enlisting, files, inputs, paddlelite, status, tasks, trained, training
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
        kind: infer (inference is the same), onnx or lite.
        save_dir: absolute path of a new or empty folder.
        epoch: a saved epoch; None takes the best one.
        quant: infer: quantise the model.
        quant_epochs: epochs for which it is fine-tuned before.
        opset: onnx: version of the set of operators; None takes the usual one.
        valid_places: lite: what the model is for.
        model_path: lite: folder of an export to convert, in the place of the trained model.
        name: what to call it in the list of models, which it enters once it is done; its folder must be one that
            ``free_folder`` gave. None does not list it.
    """

    kind: str
    save_dir: str
    epoch: int | None = None
    quant: bool = False
    quant_epochs: int = 0
    opset: int | None = None
    valid_places: str = "arm"
    model_path: str | None = None
    name: str | None = None


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
        min_free = services.config.min_free
        Disk(target, min_free).require()
        args = {"type": project.type, "model": model, "save_dir": str(target), "min_free": min_free, **special}
        if wish.name is not None:
            args[enlisting.NAME] = wish.name
        job = trained.submit(services, task, "export", args)
    if wish.name is not None:
        enlisting.enlist(services, job)
    return target


def refusal(services: Services, tid: str, wish: Wish) -> UserError | None:
    """Why a task cannot be exported as is wished, known before anything is asked for; None where it can.

    Args:
        services: of the server.
        tid: the task; it has parameters.
        wish: what the export shall be; its folder and its epoch are not looked at.
    """
    project = services.workspace.project(services.workspace.task(tid).pid)
    try:
        _format(services, project, tasks.get_params(services, tid), wish)
    except UserError as error:
        return error
    return None


def free_folder(services: Services, tid: str, name: str) -> Path:
    """A folder of the workspace for an export of a task, which nothing has taken.

    Args:
        services: of the server.
        tid: the task.
        name: of the format, a part of the folder's name.
    """
    home = services.workspace.root / _EXPORTS
    names = (f"{tid}-{name}{ending}" for ending in itertools.chain([""], (f"-{count}" for count in itertools.count(2))))
    return next(folder for folder in (home / each for each in names) if not folder.exists())


def _format(services: Services, project: pb.Project, params: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    """The format of an export and what it needs, as the job's arguments."""
    kind = "infer" if wish.kind == "inference" else wish.kind
    if kind not in ("infer", "onnx", "lite"):
        raise UserError(sentences.UNKNOWN_EXPORT, type=wish.kind)
    if wish.quant and kind != "infer":
        raise UserError(sentences.QUANT_OF_INFER_ONLY, type=kind)
    if wish.model_path is not None and kind != "lite":
        raise UserError(sentences.MODEL_PATH_OF_LITE_ONLY, type=kind)
    if wish.quant:
        return _quantised(services, project, params, wish)
    if kind == "onnx":
        return _onnx(services, project, params, wish)
    if kind == "lite":
        return _lite(services, project, params, wish)
    return {"format": "infer"}


def _quantised(services: Services, project: pb.Project, params: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    if wish.quant_epochs < 0:
        raise UserError(sentences.BAD_QUANT_EPOCHS, epochs=wish.quant_epochs)
    _refuse(exports.quantisation_refusal(project.type, params))
    return {"format": "quantised", "quant_epochs": wish.quant_epochs, "dataset": _dataset(services, project)}


def _onnx(services: Services, project: pb.Project, params: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    _refuse(exports.onnx_refusal(project.type, params))
    opset = exports.DEFAULT_OPSET if wish.opset is None else wish.opset
    if opset not in exports.OPSETS:
        raise UserError(sentences.BAD_OPSET, opset=opset, least=exports.OPSETS[0], most=exports.OPSETS[-1])
    return {"format": "onnx", "opset": opset, "dataset": _dataset(services, project)}


def _lite(services: Services, project: pb.Project, params: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    if wish.valid_places not in exports.VALID_PLACES:
        raise UserError(sentences.BAD_PLACES, places=wish.valid_places, known=", ".join(exports.VALID_PLACES))
    _refuse(exports.lite_refusal(project.type, params))
    args = {"format": "lite", "valid_places": wish.valid_places, "python": paddlelite.interpreter()}
    if wish.valid_places == "x86":
        args["dataset"] = _dataset(services, project)
    if wish.model_path is None:
        return args
    if not Path(wish.model_path).is_absolute():
        raise UserError(sentences.NOT_AN_INFERENCE_MODEL, path=readable(wish.model_path))
    folder = services.roots.to_read(wish.model_path)
    facts = read_json(folder / EXPORT_FILE)
    if facts is None or facts.get("format") != "infer" or not (folder / INFO_FILE).is_file():
        raise UserError(sentences.NOT_AN_INFERENCE_MODEL, path=readable(wish.model_path))
    if facts.get("quantised") and wish.valid_places == "x86":
        raise UserError(sentences.QUANTISED_ON_X86)
    return args | {"exported": True, "model": str(folder)}


def _refuse(refusal: str | None) -> None:
    if refusal is not None:
        raise UserError(sentences.REFUSAL, refusal=refusal)


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
    """How a quantised export goes: stage, duration and log of the newest export; null where it is none."""
    task = services.workspace.task(tid)
    log = job_folder(services.workspace.folder(task), "export") / LOG_FILE
    job = services.jobs.latest(tid, "export")
    if job is None or job.args.get("format") != "quantised":
        return {"stage": None, "running_duration": None, "log_file": str(log)}
    progress = services.jobs.progress(job)
    stage = "waiting" if job.state == states.QUEUED else progress.get("stage")
    return {"stage": stage, "running_duration": training.running_duration(job, progress), "log_file": str(log)}


def quantisation_result(services: Services, tid: str) -> dict[str, Any]:
    """Figures before and after the quantisation of the newest export; empty where nothing was quantised."""
    services.workspace.task(tid)
    job = services.jobs.latest(tid, "export")
    result = (job.result if job is not None else None) or {}
    return {name: result[name] for name in ("before", "after", "remarks") if name in result}


def stop(services: Services, tid: str) -> dict[str, Any]:
    """Stops an export that runs, and tells how it stands."""
    services.workspace.task(tid)
    trained.stop(services, tid, "export")
    return get(services, tid)


def _save_dir(services: Services, named: str) -> Path:
    if not Path(named).is_absolute():
        raise UserError(sentences.SAVE_DIR_RELATIVE, path=readable(named))
    target = services.roots.to_write(named)
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
