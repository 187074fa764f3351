"""/project/task: create, list and delete tasks; their parameters and their VisualDL page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import PartOfList
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.kept import kept_answer
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.project import (
    AllTasks,
    CreatedTask,
    OneTask,
    PartOfTasks,
    ResumableTask,
    TrainingParams,
    VisualDLPage,
)
from paddlex_restful.errors import UserError
from paddlex_restful.messages import task as sentences
from paddlex_restful.services import Services, tasks, versions
from paddlex_restful.services.attributes import DESC_LENGTH

blueprint = Blueprint("task", __name__)

TID = "id of a task, such as T0001"
TRAIN = "training parameters, an object or its JSON text"


class CreateTask(Arguments):
    """Arguments of POST /project/task."""

    pid: str = Field(description="id of a project, such as P0001")
    train: dict[str, Any] | None = Field(None, description=TRAIN)
    desc: str = Field("", max_length=DESC_LENGTH, description="a description")
    parent_id: str | None = Field(None, description="the trained task to prune, for a task that prunes")


@call(blueprint, "POST", "/project/task", CreatedTask)
def create(args: CreateTask, services: Services) -> dict[str, Any]:
    """Creates a task, with its parameters if they are given."""
    return {"tid": tasks.create(services, args.pid, args.train, args.desc, args.parent_id)}


class GetTask(PartOfList):
    """Arguments of GET /project/task."""

    tid: str | None = Field(None, description=TID)
    pid: str | None = Field(None, description="id of a project: its tasks are listed")
    resume: Any = Field(None, description="present: also tell whether the training can go on")


@call(blueprint, "GET", "/project/task", OneTask, ResumableTask, AllTasks, PartOfTasks)
def get(args: GetTask, services: Services) -> dict[str, Any]:
    """Status of one task, or the tasks of a project, or all tasks."""
    if args.tid is not None and args.given("resume"):
        return tasks.get(services, args.tid, resume=True)
    if args.tid is not None:
        with until_changed(versions.of_entry, services, args.tid):
            return tasks.get(services, args.tid)
    pid = args.pid or ""
    return kept_answer("tasks", args, services, lambda: tasks.list_all(services, pid, args.selection), within=pid)


class DeleteTask(Arguments):
    """Arguments of DELETE /project/task."""

    tid: str = Field(description=TID)


@call(blueprint, "DELETE", "/project/task", Nothing)
def delete(args: DeleteTask, services: Services) -> None:
    """Deletes a task that is not at work."""
    tasks.delete(services, args.tid)


class GetParams(Arguments):
    """Arguments of GET /project/task/params."""

    tid: str | None = Field(None, description=TID)
    pid: str | None = Field(None, description="id of a project: its default parameters are answered")
    model_type: str | None = Field(None, description="name of a model")
    gpu_list: list[int] | None = Field(None, description="numbers of the GPUs to train on")


@call(blueprint, "GET", "/project/task/params", TrainingParams)
def get_params(args: GetParams, services: Services) -> dict[str, Any]:
    """Parameters of a task, or the default ones of a project."""
    if args.tid is not None:
        return {"train": tasks.get_params(services, args.tid)}
    if args.pid is None:
        raise UserError(sentences.NEEDS_SOMETHING)
    return {"train": tasks.recommended_params(services, args.pid, args.model_type, args.gpu_list)}


class SetParams(Arguments):
    """Arguments of POST /project/task/params."""

    tid: str = Field(description=TID)
    train: dict[str, Any] = Field(description=TRAIN)


@call(blueprint, "POST", "/project/task/params", Nothing)
def set_params(args: SetParams, services: Services) -> None:
    """Sets the parameters of a task that has not been trained."""
    tasks.set_params(services, args.tid, args.train)


class OpenVisualDL(Arguments):
    """Arguments of GET /project/task/vdl."""

    tid: str = Field(description=TID)


@call(blueprint, "GET", "/project/task/vdl", VisualDLPage, changes=True)
def visualdl(args: OpenVisualDL, services: Services) -> dict[str, Any]:
    """Starts the VisualDL page of a task and answers with its host and port."""
    return {"url": tasks.open_visualdl(services, args.tid)}
