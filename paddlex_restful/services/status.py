"""The contract's statuses, computed from the jobs. Nothing else in the server decides a status.

A status is never stored: it follows from the newest job of each kind and from what the entry says of itself
(``split``, ``configured``), so that it cannot disagree with what really happened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from paddlex_restful.diskspace import WAITING_STAGE
from paddlex_restful.enums import DatasetStatus, DownloadStatus, PredictStatus, PruneStatus, TaskStatus
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import status as sentences
from paddlex_restful.workspace import workspace_pb2 as pb

Progress = Callable[[Job], Mapping[str, Any]]
"""Reads the progress of a job: ``JobManager.progress``."""

_ENDED_AS_TASK: dict[tuple[str, states.State], TaskStatus] = {
    ("train", states.DONE): TaskStatus.XTRAINDONE,
    ("train", states.STOPPED): TaskStatus.XTRAINEXIT,
    ("train", states.FAILED): TaskStatus.XTRAINFAIL,
    ("evaluate", states.DONE): TaskStatus.XEVALUATED,
    ("evaluate", states.FAILED): TaskStatus.XEVALUATEFAIL,
    ("export", states.DONE): TaskStatus.XEXPORTED,
    ("export", states.FAILED): TaskStatus.XEXPORTFAIL,
}
"""What a task is after its newest job; a stopped evaluation or export and any analysis leave it as it was."""


def dataset_status(dataset: pb.Dataset, job: Job | None, progress: Progress) -> tuple[DatasetStatus, str]:
    """Status of a dataset and the sentence that goes with it.

    Args:
        dataset: its entry.
        job: its newest import, if there was one.
        progress: reads a job's progress.
    """
    if job is None:
        return DatasetStatus.XEMPTY, sentences.DATASET_EMPTY
    if job.state == states.DONE:
        if dataset.split or (job.result or {}).get("split"):
            return DatasetStatus.XSPLITED, sentences.DATASET_SPLIT
        return DatasetStatus.XCOPYDONE, sentences.DATASET_IMPORTED
    stage = progress(job).get("stage")
    copying = stage == "copying"
    if job.state in (states.FAILED, states.STOPPED) and job.args.get("holds"):
        # Images that were not added leave a dataset as it was.
        reason = job.message or sentences.ADDING_STOPPED
        return DatasetStatus.XCOPYDONE, sentences.NOT_ADDED.format(reason=reason)
    if job.state in (states.FAILED, states.STOPPED):
        failed = DatasetStatus.XCOPYFAIL if copying else DatasetStatus.XCHECKFAIL
        return failed, job.message or sentences.IMPORT_STOPPED
    if copying:
        return DatasetStatus.XCOPYING, sentences.DATASET_COPYING
    return DatasetStatus.XCHECKING, sentences.DATASET_UNPACKING if stage == "unpacking" else sentences.DATASET_CHECKING


def task_status(task: pb.Task, jobs: Mapping[str, Job], progress: Progress) -> tuple[TaskStatus, str]:
    """Status of a task and the sentence that goes with it.

    Args:
        task: its entry.
        jobs: the newest job of each kind.
        progress: reads a job's progress.
    """
    state, job = _deciding(task, jobs, progress)
    message = (job.message or _waiting(job, progress)) if job is not None else ""
    message = message or sentences.TASK[state]
    epoch = _resumable_epoch(job, progress) if job is not None else None
    if epoch is not None:
        message = sentences.RESUMABLE.format(message=message, epoch=epoch, tid=task.id)
    return state, message


def _waiting(job: Job, progress: Progress) -> str:
    """What a running training says that it waits for; empty where it does not."""
    told = progress(job) if job.kind == "train" and job.active else {}
    return str(told["waiting"]) if told.get("stage") == WAITING_STAGE else ""


def task_state(task: pb.Task, jobs: Mapping[str, Job], progress: Progress) -> TaskStatus:
    """Status of a task by itself, for lists; of the progress only that of a running training is read.

    A running training hides everything else, a running analysis or export the rest; when nothing runs, the job that was
    submitted last and left something behind decides.

    Args:
        task: its entry.
        jobs: the newest job of each kind.
        progress: reads a job's progress.
    """
    return _deciding(task, jobs, progress)[0]


def _deciding(task: pb.Task, jobs: Mapping[str, Job], progress: Progress) -> tuple[TaskStatus, Job | None]:
    """Status of a task, and the job that decides it; None where none has left anything behind."""
    for kind in ("train", "prune", "export", "evaluate"):
        job = jobs.get(kind)
        if job is not None and job.active:
            return _active(task, job, progress), job
    for job in sorted(jobs.values(), key=lambda job: job.id, reverse=True):
        ended = _ENDED_AS_TASK.get((job.kind, job.state))
        if ended is not None:
            if ended is TaskStatus.XTRAINFAIL and job.reason == "download":
                ended = TaskStatus.XDOWNLOADFAIL
            return ended, job
    return TaskStatus.XINIT if task.configured else TaskStatus.XUNINIT, None


def _resumable_epoch(job: Job, progress: Progress) -> int | None:
    """The saved epoch after which a stopped or failed training can go on, as far as its progress tells."""
    if job.kind != "train" or job.state not in (states.STOPPED, states.FAILED):
        return None
    told = progress(job)
    # One that goes on and ends before it tells anything can go on from the same place again.
    epoch: int | None = told.get("saved_epoch") or job.args.get("resume_epoch")
    return None if epoch is None or epoch >= told.get("num_epochs", math.inf) else epoch


def current(kind: str, jobs: Mapping[str, Job]) -> Job | None:
    """The newest job of a kind that works on the trained model; None if the task was trained anew since.

    Args:
        kind: of the job.
        jobs: the newest job of each kind.
    """
    job, trained = jobs.get(kind), jobs.get("train")
    return None if job is None or (trained is not None and trained.id > job.id) else job


def inference_status(job: Job, task: pb.Task, jobs: Mapping[str, Job], progress: Progress) -> tuple[TaskStatus, str]:
    """Status of an evaluation or export by itself, whatever else the task does, and the sentence that goes with it.

    One that was stopped has left the task as it was, so that its status is the task's.

    Args:
        job: the evaluation or export.
        task: its entry.
        jobs: the newest job of each kind.
        progress: reads a job's progress.
    """
    if job.active:
        status = _active(task, job, progress)
    else:
        status = _ENDED_AS_TASK.get((job.kind, job.state)) or task_state(task, jobs, progress)
    return status, job.message or sentences.TASK[status]


def _active(task: pb.Task, job: Job, progress: Progress) -> TaskStatus:
    if job.kind == "prune":
        return TaskStatus.XPRUNEING
    if job.kind == "export":
        return TaskStatus.XEXPORTING
    if job.kind == "evaluate":
        return TaskStatus.XEVALUATING
    if job.state == states.QUEUED:
        return TaskStatus.XINIT
    if progress(job).get("stage") == "downloading":
        return TaskStatus.XDOWNLOADING
    return TaskStatus.XPRUNETRAIN if task.parent_id else TaskStatus.XTRAINING


def predict_status(job: Job) -> PredictStatus:
    """Status of a prediction."""
    if job.active:
        return PredictStatus.XPRESTART
    return PredictStatus.XPREDONE if job.state == states.DONE else PredictStatus.XPREFAIL


def prune_status(job: Job, progress: Progress) -> PruneStatus:
    """Status of a sensitivity analysis."""
    if job.active:
        return PruneStatus.XSPRUNEING if progress(job) else PruneStatus.XSPRUNESTART
    return {
        states.DONE: PruneStatus.XSPRUNEDONE,
        states.STOPPED: PruneStatus.XSPRUNEEXIT,
        states.FAILED: PruneStatus.XSPRUNEFAIL,
    }[job.state]


def download_status(job: Job, progress: Progress) -> DownloadStatus:
    """Status of the download of a demo."""
    if job.active:
        unpacking = progress(job).get("stage") == "decompressing"
        return DownloadStatus.XDDOWNLOADDONE if unpacking else DownloadStatus.XDDOWNLOADING
    return DownloadStatus.XDDECOMPRESSED if job.state == states.DONE else DownloadStatus.XDDOWNLOADFAIL
