"""Evaluation of a trained task: start it, read its result, write its report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from paddlex_restful.enums import TaskStatus
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import inference as sentences
from paddlex_restful.messages import status as status_sentences
from paddlex_restful.reports import excel
from paddlex_restful.services import Services, status, trained, training

_RESULT = "result.json"


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
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    model = trained.checkpoint(services, task, epoch)
    dataset = training.split_dataset(services, project)
    args = {
        "type": project.type,
        "dataset": training.relative(services, services.workspace.folder(dataset)),
        "model": model,
        "epoch": epoch,
        "topk": topk,
        "score_thresh": score_thresh,
        "overlap_thresh": overlap_thresh,
        "output": training.relative(services, trained.folder(services, task, "evaluate")),
    }
    return trained.submit(services, task, "evaluate", args)


def get(services: Services, tid: str) -> dict[str, Any]:
    """Status of the newest evaluation, and its result once it is done."""
    task = services.workspace.task(tid)
    job = services.jobs.latest(tid, "evaluate")
    path = trained.folder(services, task, "evaluate") / _RESULT
    answer: dict[str, Any] = {"result": None, "path": str(path)}
    if job is None:
        state, _ = status.task_status(task, services.jobs.jobs_of(tid), services.jobs.progress)
        return {**answer, "evaluate_status": int(state), "message": sentences.NOT_EVALUATED.format(tid=tid)}
    if job.active:
        state, message = TaskStatus.XEVALUATING, status_sentences.TASK[TaskStatus.XEVALUATING]
    elif job.state == states.DONE:
        state, message = TaskStatus.XEVALUATED, status_sentences.TASK[TaskStatus.XEVALUATED]
        answer["result"] = _read_result(path)
    else:
        state, message = TaskStatus.XEVALUATEFAIL, job.message
    return {**answer, "evaluate_status": int(state), "message": message}


def _read_result(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def result(services: Services, tid: str) -> dict[str, Any] | None:
    """Result of the newest evaluation, None if it has none."""
    found: dict[str, Any] | None = get(services, tid)["result"]
    return found


def report(services: Services, tid: str) -> Path:
    """Writes the result of the evaluation as an Excel file beside it and returns its path."""
    task = services.workspace.task(tid)
    found = result(services, tid)
    if found is None:
        raise UserError(sentences.NOT_EVALUATED, tid=tid)
    project = services.workspace.project(task.pid)
    target = trained.folder(services, task, "evaluate") / "report.xlsx"
    return excel.write_report(found, project.type, target, title=f"{project.name} · {tid}")
