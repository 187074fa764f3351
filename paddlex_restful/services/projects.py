"""Projects: create, list, bind to a dataset, delete with their tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from paddlex_restful.errors import UserError
from paddlex_restful.messages import project as sentences
from paddlex_restful.services import Services, datasets, status, system, tasks, training
from paddlex_restful.services.listing import ALL, Listed, Selection
from paddlex_restful.workspace import workspace_pb2 as pb


def create(services: Services, name: str, desc: str, project_type: str) -> str:
    """Makes an empty project and returns its id."""
    return services.workspace.create_project(name, desc, datasets.checked_type(project_type, "project_type"))


def get(services: Services, pid: str) -> dict[str, Any]:
    """Attributes of one project, with the statuses of its tasks."""
    project = services.workspace.project(pid)
    progress = services.jobs.progress
    statuses = {
        task.id: {"status": int(status.task_state(task, services.jobs.jobs_of(task.id), progress))}
        for task in services.workspace.tasks_of(pid)
    }
    return {**_attributes(services, project), "tasks": statuses}


def list_all(services: Services, selection: Selection = ALL) -> Listed:
    """The selected projects, without their tasks."""
    projects = services.workspace.projects()
    return selection.apply(projects, lambda project: {"id": project.id, "attr": _attributes(services, project)})


def _attributes(services: Services, project: pb.Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "desc": project.desc,
        "type": project.type,
        "did": project.did,
        "path": str(services.workspace.folder(project)),
        "create_time": project.create_time,
    }


class Figure(NamedTuple):
    """A figure of a task's model.

    Attributes:
        tid: id of the task.
        metric: name of the figure, such as ``acc1``.
        value: from 0 to 1, the greater the better.
    """

    tid: str
    metric: str
    value: float


def best_figure(services: Services, pid: str) -> Figure | None:
    """The best that a model of a project reached on its validation images; None before the first was evaluated."""
    found = [
        Figure(task.id, metric, value)
        for task in services.workspace.tasks_of(pid)
        for metric, value in (training.best_metric(services, task.id) or {}).items()
    ]
    return max(found, key=lambda figure: figure.value, default=None)


def change(services: Services, pid: str, fields: Mapping[str, str]) -> None:
    """Changes fields of a project, all or none; ``did`` binds it to a dataset, or to none where it is empty.

    Raises:
        UserError: no such dataset, one of another type, or a task of the project is at work while it is bound anew.
    """
    with services.gate:
        project = services.workspace.project(pid)
        if "did" in fields:
            _check_binding(services, project, fields["did"])
        services.workspace.update(pid, **fields)


def _check_binding(services: Services, project: pb.Project, did: str) -> None:
    if did:
        dataset = services.workspace.dataset(did)
        if dataset.type != project.type:
            types = {"dataset_type": dataset.type, "project_type": project.type}
            raise UserError(sentences.OTHER_TYPE, did=did, pid=project.id, **types)
    for task in services.workspace.tasks_of(project.id):
        for job in services.jobs.active(task.id):
            raise UserError(sentences.BUSY, tid=task.id, pid=project.id, kind=job.kind)


def delete(services: Services, pid: str) -> None:
    """Stops what the tasks of a project are doing, then removes them and the project."""
    workspace = services.workspace
    workspace.project(pid)
    system.stop_together(services, [job for task in workspace.tasks_of(pid) for job in services.jobs.active(task.id)])
    with services.gate:
        removed = [task.id for task in workspace.tasks_of(pid)]
        for tid in removed:
            tasks.refuse_to_delete_while_busy(services, tid)
        leftover = workspace.take_out(pid)
        for tid in removed:
            services.jobs.forget(tid)
    for tid in removed:
        services.visualdl.close_one(tid)
    workspace.clear(leftover)
