"""Tasks: create, list, parameters, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paddlex_restful import system
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.messages import task as sentences
from paddlex_restful.params import check_params, default_params, read_params, write_params
from paddlex_restful.services import Services, checkpoints, datasets, status
from paddlex_restful.services.listing import ALL, Listed, Selection
from paddlex_restful.workspace import State
from paddlex_restful.workspace import workspace_pb2 as pb

PARAMS_FILE = "params.pkl"


def create(services: Services, pid: str, train: Mapping[str, Any] | None, desc: str, parent_id: str | None) -> str:
    """Makes a task, with its parameters if they are given, and returns its id.

    Raises:
        UserError: no such project, bad parameters, or a parent of another project; nothing is made then.
    """
    workspace = services.workspace
    project = workspace.project(pid)
    if parent_id:
        parent = workspace.task(parent_id)
        if parent.pid != pid:
            raise UserError(sentences.PARENT_OF_OTHER_PROJECT, parent_id=parent_id, other=parent.pid, pid=pid)
    params = checked_params(project.type, train) if train is not None else None
    if params is None:
        return workspace.create_task(pid, "", desc, parent_id or "")
    with services.gate:
        tid = workspace.create_task(pid, "", desc, parent_id or "")
        _store(services, tid, params)
    return tid


def get(services: Services, tid: str, resume: bool = False) -> dict[str, Any]:
    """Status of a task; with ``resume`` also whether its training can go on, and from which epoch at most."""
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    state, message = status.task_status(task, services.jobs.jobs_of(tid), services.jobs.progress)
    answer: dict[str, Any] = {"task_status": int(state), "message": message, "type": project.type}
    if resume:
        output = output_folder(services, task)
        epochs = checkpoints.saved_epochs(output)
        num_epochs = int(get_params(services, tid)["num_epochs"]) if task.configured else 0
        job = services.jobs.latest(tid, "train")
        answer["resumable"] = checkpoints.resume_obstacle(job, output, num_epochs) is None
        answer["max_saved_epochs"] = epochs[-1] if epochs else -1
    return answer


def list_all(services: Services, pid: str | None, selection: Selection = ALL) -> Listed:
    """The selected ones of all tasks, or of those of one project."""
    workspace = services.workspace
    if pid:
        workspace.project(pid)
    state = workspace.state
    found = workspace.tasks_of(pid) if pid else workspace.tasks()
    return selection.apply(found, lambda task: _listed(services, state, task))


def _listed(services: Services, state: State, task: pb.Task) -> dict[str, Any]:
    project = state.projects.get(task.pid)
    return {
        "id": task.id,
        "name": task.name,
        "desc": task.desc,
        "pid": task.pid,
        "path": str(services.workspace.folder(task)),
        "create_time": task.create_time,
        "status": int(status.task_state(task, services.jobs.jobs_of(task.id), services.jobs.progress)),
        "type": project.type if project is not None else "",
    }


def get_params(services: Services, tid: str) -> dict[str, Any]:
    """The parameters of a task.

    Raises:
        UserError: no such task, or it has none yet.
    """
    task = services.workspace.task(tid)
    path = services.workspace.folder(task) / PARAMS_FILE
    if not task.configured or not path.is_file():
        raise UserError(sentences.NO_PARAMS, tid=tid)
    params = read_params(path)
    job = services.jobs.latest(tid, "train")
    # The newest training says from where it went on; one of the original server has no arguments.
    resumed = (job.args["params"] if job is not None and job.args else params).get("resume_checkpoint")
    params["resume_checkpoint"] = str(services.workspace.root / resumed) if resumed else None
    return params


def recommended_params(
    services: Services, pid: str, model: str | None, gpu_list: Sequence[int] | None
) -> dict[str, Any]:
    """Default parameters for a project's next task.

    Args:
        services: of the server.
        pid: the project.
        model: name of the model; None takes the default of the project type.
        gpu_list: GPUs to train on, [0] if None; those that the server does not have are left out.
    """
    project = services.workspace.project(pid)
    count = system.gpu_count()
    gpus = [gpu for gpu in (gpu_list if gpu_list is not None else [0]) if 0 <= gpu < count]
    details = datasets.details(services, project.did) if project.did else None
    return default_params(project.type, model, gpus, classes=len(details["labels"]) if details else None)


def set_params(services: Services, tid: str, train: Mapping[str, Any]) -> None:
    """Checks and stores the parameters of a task that has not been trained."""
    with services.gate:
        task = services.workspace.task(tid)
        refuse_while_busy(services, tid, "train")
        job = services.jobs.latest(tid, "train")
        if job is not None and job.state in (states.DONE, states.STOPPED):
            raise UserError(sentences.PARAMS_FIXED, tid=tid)
        _store(services, tid, checked_params(services.workspace.project(task.pid).type, train))


def checked_params(project_type: str, train: Mapping[str, Any]) -> dict[str, Any]:
    """Training parameters, complete and typed.

    Raises:
        UserError: they cannot be used, or name GPUs that the server does not have.
    """
    params = check_params(project_type, train)
    count = system.gpu_count()
    for gpu in gpus_of(params):
        if gpu >= count:
            raise UserError(sentences.NO_SUCH_GPU, gpu=gpu, count=count)
    return params


def gpus_of(params: Mapping[str, Any]) -> list[int]:
    """The GPUs that parameters name; none means the processor."""
    return [int(part) for part in str(params.get("cuda_visible_devices") or "").split(",") if part.strip()]


def _store(services: Services, tid: str, params: dict[str, Any]) -> None:
    task = services.workspace.task(tid)
    write_params(services.workspace.folder(task) / PARAMS_FILE, params)
    if not task.configured:
        services.workspace.update(tid, configured=True)


def delete(services: Services, tid: str) -> None:
    """Removes a task, its files and its jobs; refused while a job of it runs."""
    with services.gate:
        services.workspace.task(tid)
        refuse_to_delete_while_busy(services, tid)
        leftover = services.workspace.take_out(tid)
        services.jobs.forget(tid)
    services.visualdl.close_one(tid)
    services.workspace.clear(leftover)


def refuse_to_delete_while_busy(services: Services, tid: str) -> None:
    """Raises a UserError if a job of the task is active."""
    for job in services.jobs.active(tid):
        raise UserError(sentences.CANNOT_BE_DELETED, tid=tid, kind=job.kind)


def output_folder(services: Services, task: pb.Task) -> Path:
    """Where the training of a task keeps its checkpoints."""
    return services.workspace.folder(task) / "output"


def open_visualdl(services: Services, tid: str) -> str:
    """Starts the VisualDL page of a task and returns its host and port.

    Raises:
        UserError: no such task, or it has written nothing to show yet.
    """
    scalars = output_folder(services, services.workspace.task(tid)) / "vdl"
    if not scalars.is_dir():
        raise UserError(sentences.NOTHING_TO_SHOW, tid=tid)
    return services.visualdl.open(tid, scalars)


def refuse_while_busy(services: Services, tid: str, *kinds: str) -> None:
    """Raises a UserError if a job of the task is active: one of these kinds, or any if none are named."""
    for job in services.jobs.active(tid):
        if not kinds or job.kind in kinds:
            raise UserError(sentences.BUSY, tid=tid, kind=job.kind)
