"""Tasks in a line, as people compare them."""

from __future__ import annotations

from dataclasses import dataclass

from paddlex_restful.enums import TaskStatus
from paddlex_restful.services import Services, status, tasks, zoo
from paddlex_restful.services.listing import ALL, Selection
from paddlex_restful.workspace import workspace_pb2 as pb


@dataclass(frozen=True)
class Summary:
    """A task.

    Attributes:
        tid: its id.
        desc: what it was called; may be empty.
        model: its model and backbone; empty before it has parameters.
        status: how it stands.
        metric: name of the figure by which its epochs are compared; None before the first is known.
        best: its best value, from 0 to 1.
        epochs: epochs that are trained and measured, and all.
        created: when it was made.
    """

    tid: str
    desc: str
    model: str
    status: TaskStatus
    metric: str | None
    best: float | None
    epochs: tuple[int, int]
    created: str


def of_project(services: Services, pid: str, selection: Selection = ALL) -> tuple[list[Summary], int]:
    """Tasks of a project, and how many it has in all.

    Args:
        services: of the server.
        pid: the project.
        selection: which of them.

    Raises:
        UserError: there is no such project.
    """
    services.workspace.project(pid)
    listed = tasks.list_all(services, pid, selection)
    return [of_task(services, services.workspace.task(entry["id"])) for entry in listed.items], listed.total


def of_task(services: Services, task: pb.Task) -> Summary:
    """One task."""
    job = services.jobs.latest(task.id, "train")
    progress = services.jobs.progress(job) if job is not None else {}
    params = tasks.get_params(services, task.id) if task.configured else {}
    reached = (progress.get("train_metrics") or {}).get("Epoch") or 0
    return Summary(
        tid=task.id,
        desc=task.desc,
        model=zoo.net_key(services.workspace.project(task.pid).type, params) if params else "",
        status=status.task_state(task, services.jobs.jobs_of(task.id), services.jobs.progress),
        metric=progress.get("key"),
        best=progress.get("best_result"),
        epochs=(int(reached), int(params.get("num_epochs") or 0)),
        created=task.create_time,
    )
