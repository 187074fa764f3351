"""Training of a task: start, stop, resume, and what it measured."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddlex_restful.checkpoints import PUBLISHED_WEIGHTS, epoch_folder
from paddlex_restful.diskspace import Disk
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.context import LOG_FILE
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import task as sentences
from paddlex_restful.paths import readable
from paddlex_restful.services import Services, checkpoints, files, inputs, pruning, tasks
from paddlex_restful.workspace import workspace_pb2 as pb


def start(
    services: Services, tid: str, pruned_flops: float | None = None, eval_metric_loss: float | None = None
) -> Job:
    """Starts the training of a task from its first epoch; an earlier training of it is replaced.

    Args:
        services: of the server.
        tid: the task.
        pruned_flops: for a task with a parent; see ``pruning.training_args``.
        eval_metric_loss: alike.
    """
    with services.gate:
        task = services.workspace.task(tid)
        tasks.refuse_while_busy(services, tid)
        params = tasks.get_params(services, tid)
        goal = pruning.training_args(services, task, params, pruned_flops, eval_metric_loss)
        return _submit(services, task, params, None, goal)


def start_pruned(services: Services, tid: str, pruned_flops: float, num_epochs: int, desc: str) -> str:
    """Makes a task that trains the pruned model of another one, starts its training, and returns its id.

    Args:
        services: of the server.
        tid: the task whose model is pruned; the new one has its parameters.
        pruned_flops: the share of the FLOPs to remove.
        num_epochs: epochs of the new training.
        desc: what to call the new task.

    Raises:
        UserError: the model cannot be pruned so, or not be trained now; there is no new task then.
    """
    pid = services.workspace.task(tid).pid
    params = tasks.get_params(services, tid) | {"pruned_flops": pruned_flops, "num_epochs": num_epochs}
    # It starts from the other's model.
    params |= {"pretrain_weights": None, "resume_checkpoint": None}
    with services.gate:
        child = tasks.create(services, pid, params, desc, tid)
        try:
            start(services, child)
        except UserError:
            tasks.delete(services, child)
            raise
    return child


def resume(services: Services, tid: str, epoch: int | None = None) -> Job:
    """Lets a stopped or failed training go on after a saved epoch, the last one if none is named."""
    with services.gate:
        task = services.workspace.task(tid)
        tasks.refuse_while_busy(services, tid)
        params = tasks.get_params(services, tid)
        output = tasks.output_folder(services, task)
        job = services.jobs.latest(tid, "train")
        chosen = checkpoints.resume_epoch(tid, job, output, epoch, int(params["num_epochs"]))
        return _submit(services, task, params, chosen, job.args.get("pruning") if job is not None else None)


def stop(services: Services, tid: str) -> Job:
    """Stops the training of a task, or takes it out of the queue; its saved epochs stay."""
    services.workspace.task(tid)
    job = services.jobs.latest(tid, "train")
    if job is None or not job.active:
        raise UserError(sentences.NOT_RUNNING, tid=tid)
    return services.jobs.stop(job)


def _submit(
    services: Services,
    task: pb.Task,
    params: dict[str, Any],
    resume_epoch: int | None,
    goal: dict[str, Any] | None,
) -> Job:
    workspace = services.workspace
    project = workspace.project(task.pid)
    gpus = inputs.existing_gpus(tasks.gpus_of(params))
    dataset = inputs.split_dataset(services, project)
    output = services.workspace.relative(tasks.output_folder(services, task))
    Disk(workspace.root, services.config.min_free).require()
    params["resume_checkpoint"] = None if resume_epoch is None else epoch_folder(Path(output), resume_epoch).as_posix()
    args = {
        "type": project.type,
        "params": params,
        "dataset": services.workspace.relative(workspace.folder(dataset)),
        "output": output,
        "resume_epoch": resume_epoch,
        "weights": _weights(services, params.get("pretrain_weights")),
        "weights_url": services.config.weights_url,
        "processes": max(1, len(gpus)),
        "pruning": goal,
        "min_free": services.config.min_free,
    }
    return services.jobs.submit("train", task.id, job_folder(workspace.folder(task), "train"), args, gpus)


def _weights(services: Services, named: str | None) -> str | None:
    """Path of the weights to start from, relative to the workspace if they lie in it; None for none or a download."""
    if not named or named in PUBLISHED_WEIGHTS:
        return None
    model = inputs.find_pretrained(services, named)
    path = services.roots.to_read(model if model is not None else named)
    if not path.exists():
        raise UserError(sentences.WEIGHTS_MISSING, weights=readable(named))
    inside = path.is_relative_to(services.workspace.root)
    return services.workspace.relative(path) if inside else str(path)


def train_log(services: Services, tid: str) -> dict[str, Any]:
    """How the training stands: the contract's ``train_log``, all null before the first training."""
    task = services.workspace.task(tid)
    job = services.jobs.latest(tid, "train")
    progress = services.jobs.progress(job) if job is not None else {}
    folder = job_folder(services.workspace.folder(task), "train")
    return {
        "eta": progress.get("eta"),
        "train_metrics": progress.get("train_metrics"),
        "eval_metrics": progress.get("eval_metrics"),
        "download_status": progress.get("download_status"),
        "eval_done": bool(progress.get("eval_done", False)),
        "train_error": job.message if job is not None and job.state == states.FAILED else None,
        "train_stage": _stage(job, progress),
        "running_duration": running_duration(job, progress),
        **files.failure_log(folder, job),
        "images_per_second": progress.get("images_per_second"),
        "pruning": progress.get("pruning"),
    }


def _stage(job: Job | None, progress: dict[str, Any]) -> str | None:
    if job is None:
        return None
    if job.state == states.QUEUED:
        return "waiting"
    return progress.get("stage", "preparing" if job.active else None)


def running_duration(job: Job | None, progress: Mapping[str, Any]) -> str | None:
    """How long a job has run, in the form that clients of the original know; None before its start."""
    seconds = running_seconds(job, progress)
    return None if seconds is None else f"{seconds // 3600}小时{seconds // 60 % 60}分{seconds % 60}秒"


def running_seconds(job: Job | None, progress: Mapping[str, Any]) -> int | None:
    """How long a job has run, in seconds; None before its start.

    The job itself counts, by a clock that stands still while the machine is suspended; before its first progress the
    time since its start is taken.
    """
    if job is None or job.state == states.QUEUED:
        return None
    counted = progress.get("running_seconds")
    if counted is None and job.started is None:
        return None
    return int(counted if counted is not None else max(0.0, (job.ended or time.time()) - (job.started or 0.0)))


def log_file(services: Services, tid: str) -> Path:
    """Where the log of the newest training of a task lies, once there is one.

    Raises:
        UserError: there is no such task.
    """
    return job_folder(services.workspace.folder(services.workspace.task(tid)), "train") / LOG_FILE


def best_metric(services: Services, tid: str) -> dict[str, float] | None:
    """Name and value of the metric of the best epoch; None before the first evaluation."""
    found = evaluations(services, tid)
    return {found["key"]: found["best_result"]} if found["key"] else None


def evaluations(services: Services, tid: str) -> dict[str, Any]:
    """The metric of every epoch that was evaluated during the training, and the best of them."""
    services.workspace.task(tid)
    job = services.jobs.latest(tid, "train")
    progress = services.jobs.progress(job) if job is not None else {}
    return {
        "key": progress.get("key"),
        "epoch_result_dict": progress.get("epochs") or {},
        "best_epoch": progress.get("best_epoch"),
        "best_result": progress.get("best_result"),
    }


@dataclass(frozen=True)
class Standing:
    """How the newest training of a task stands.

    Attributes:
        job: its record; None before the first.
        progress: what it told last; ``docs/architecture.md`` names the fields.
        stage: what it is doing; None where nothing runs and nothing ran to its end.
        seconds: how long it has run.
        saved: the epochs from which it can go on, ascending; empty while it runs and where it cannot.
        log_tail: the last lines of its log if it failed.
    """

    job: Job | None
    progress: Mapping[str, Any]
    stage: str | None
    seconds: int | None
    saved: Sequence[int]
    log_tail: Sequence[str]

    @property
    def active(self) -> bool:
        """Whether it runs or waits."""
        return self.job is not None and self.job.active


def standing(services: Services, tid: str) -> Standing:
    """How the newest training of a task stands.

    Raises:
        UserError: there is no such task.
    """
    task = services.workspace.task(tid)
    job = services.jobs.latest(tid, "train")
    progress = services.jobs.progress(job) if job is not None else {}
    tail = files.failure_log(job_folder(services.workspace.folder(task), "train"), job)["log_tail"]
    saved: Sequence[int] = ()
    if job is not None and not job.active:
        epochs = int(tasks.get_params(services, tid)["num_epochs"])
        saved = checkpoints.resumable_epochs(job, tasks.output_folder(services, task), epochs)
    return Standing(job, progress, _stage(job, progress), running_seconds(job, progress), saved, tail)
