"""Evaluation of a trained task: start it, read its result, write its report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import inference as sentences
from paddlex_restful.reports import excel
from paddlex_restful.results import CURVES_FILE, RESULT_FILE
from paddlex_restful.services import Services, files, inputs, status, trained


def start(
    services: Services, tid: str, epoch: int | None, topk: int, score_thresh: float, overlap_thresh: float
) -> Job:
    """Starts to measure a trained model on the images that it was not trained on.

    Args:
        services: of the server.
        tid: the task.
        epoch: a saved epoch; None takes the best one.
        topk: how many guesses count for the top-k accuracy.
        score_thresh: lowest score of a detected object that counts.
        overlap_thresh: lowest IoU at which a detected object is the true one.
    """
    with services.gate:
        task = services.workspace.task(tid)
        project = services.workspace.project(task.pid)
        model = trained.checkpoint(services, task, epoch)
        dataset = inputs.split_dataset(services, project)
        args = {
            "type": project.type,
            "dataset": services.workspace.relative(services.workspace.folder(dataset)),
            "model": model,
            "epoch": epoch,
            "topk": topk,
            "score_thresh": score_thresh,
            "overlap_thresh": overlap_thresh,
            "output": services.workspace.relative(trained.folder(services, task, "evaluate")),
        }
        return trained.submit(services, task, "evaluate", args)


def get(services: Services, tid: str) -> dict[str, Any]:
    """Status of the newest evaluation, and its result once it is done."""
    task = services.workspace.task(tid)
    jobs = services.jobs.jobs_of(tid)
    job = status.current("evaluate", jobs)
    path = trained.folder(services, task, "evaluate") / RESULT_FILE
    log = files.failure_log(job_folder(services.workspace.folder(task), "evaluate"), job)
    answer: dict[str, Any] = {"result": None, "path": str(path), **log}
    if job is None:
        state = status.task_state(task, jobs, services.jobs.progress)
        return {**answer, "evaluate_status": int(state), "message": sentences.NOT_EVALUATED.format(tid=tid)}
    if job.state == states.DONE:
        answer["result"] = json.loads(path.read_bytes())
    state, message = status.inference_status(job, task, jobs, services.jobs.progress)
    return {**answer, "evaluate_status": int(state), "message": message}


def running(services: Services, tid: str) -> dict[str, Any] | None:
    """How far the evaluation is, None where none runs.

    Returns:
        ``stage`` (``queued``, or what the job tells), ``percent`` of the images, and ``message`` (what it waits for).
    """
    job = services.jobs.latest(tid, "evaluate")
    if job is None or not job.active:
        return None
    told = services.jobs.progress(job)
    stage = "queued" if job.state == states.QUEUED else told.get("stage", "loading")
    return {"stage": stage, "percent": told.get("percent", 0), "message": job.message}


def stop(services: Services, tid: str) -> None:
    """Stops an evaluation that runs."""
    services.workspace.task(tid)
    trained.stop(services, tid, "evaluate")


def curves(services: Services, tid: str) -> Mapping[str, Sequence[Mapping[str, Any]]] | None:
    """What thresholds of the score change in the newest evaluation: ``metrics.curves``, by what is compared.

    Returns:
        By ``images``, ``boxes`` or ``masks``; shared, not to be changed. None without an evaluation, and of one without
        curves: answers of its type have no scores, or it was made before there were any.
    """
    job = trained.complete(services, tid, "evaluate")
    file = trained.folder(services, services.workspace.task(tid), "evaluate") / CURVES_FILE
    return None if job is None or not file.exists() else _curves(str(file), job.id)


@lru_cache(maxsize=8)
def _curves(file: str, evaluation: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    found: Mapping[str, Sequence[Mapping[str, Any]]] = json.loads(Path(file).read_bytes())
    return found


def result(services: Services, tid: str) -> dict[str, Any] | None:
    """Result of the newest evaluation, None if it has none."""
    found: dict[str, Any] | None = get(services, tid)["result"]
    return found


def report(services: Services, tid: str) -> Path:
    """Writes the result of the evaluation as an Excel file beside it and returns its path.

    Raises:
        UserError: there is no result yet, or none any more.
    """
    task = services.workspace.task(tid)
    answer = get(services, tid)
    found = answer["result"]
    if found is None:
        raise UserError(sentences.NO_REPORT, tid=tid, problem=answer["message"])
    project = services.workspace.project(task.pid)
    target = trained.folder(services, task, "evaluate") / "report.xlsx"
    return excel.write_report(found, project.type, target, title=f"{project.name} · {tid}")
