"""What evaluation, prediction and export share: a trained task, its checkpoint, its folders and jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.job import Job
from paddlex_restful.services import Services, checkpoints, inputs, status, tasks
from paddlex_restful.workspace import workspace_pb2 as pb


def checkpoint(services: Services, task: pb.Task, epoch: int | None) -> str:
    """Folder of the checkpoint of an epoch, or of the best one, as job files hold it.

    Raises:
        UserError: the task has not been trained, or that epoch was not saved.
    """
    return services.workspace.relative(checkpoints.checkpoint(task.id, tasks.output_folder(services, task), epoch))


def folder(services: Services, task: pb.Task, name: str) -> Path:
    """A folder below that of the task."""
    return services.workspace.folder(task) / name


def submit(services: Services, task: pb.Task, kind: str, args: dict[str, Any]) -> Job:
    """Starts a job on a trained task, on the first of its GPUs that the machine has."""
    with services.gate:
        params = tasks.get_params(services, task.id)
        tasks.refuse_while_busy(services, task.id, "train", kind)
        gpus = inputs.existing_gpus(tasks.gpus_of(params))[:1]
        return services.jobs.submit(kind, task.id, job_folder(services.workspace.folder(task), kind), args, gpus)


def complete(services: Services, tid: str, kind: str) -> Job | None:
    """The newest job of this kind, if it is done and was one of the trained model as it is."""
    job = status.current(kind, services.jobs.jobs_of(tid))
    return job if job is not None and job.state == states.DONE else None


def stop(services: Services, tid: str, kind: str) -> None:
    """Stops the job of this kind if one is active."""
    job = services.jobs.latest(tid, kind)
    if job is not None and job.active:
        services.jobs.stop(job)
