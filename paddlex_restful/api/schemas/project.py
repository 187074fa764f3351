"""Answers of /project and of the calls that make and list tasks."""

from __future__ import annotations

from pydantic import Field

from paddlex_restful.api.schemas.base import Answer, Entry, Params, Part
from paddlex_restful.api.schemas.sentences import Sentence
from paddlex_restful.enums import TaskStatus


class CreatedProject(Answer):
    """The new project."""

    pid: str = Field(description="its id")


class ProjectEntry(Entry):
    """A project."""

    desc: str = Field(description="its description")
    did: str = Field(description="id of its dataset; empty before it is bound to one")


class StatusOfTask(Part):
    """How a task stands."""

    status: TaskStatus = Field(description="of the task")


class ProjectAttributes(ProjectEntry):
    """A project and its tasks."""

    tasks: dict[str, StatusOfTask] = Field(description="by the ids of its tasks")


class OneProject(Answer):
    """With `id`."""

    attr: ProjectAttributes = Field(description="the project")


class ListedProject(Part):
    """A project in a list."""

    id: str = Field(description="its id")
    attr: ProjectEntry = Field(description="the project")


class AllProjects(Answer):
    """Without `id`."""

    projects: list[ListedProject] = Field(description="oldest first")


class PartOfProjects(AllProjects):
    """The same with `offset`, `limit` or `sort`."""

    total: int = Field(description="how many there are in all")


class CreatedTask(Answer):
    """The new task."""

    tid: str = Field(description="its id")


class OneTask(Answer):
    """With `tid`."""

    task_status: TaskStatus = Field(description="its status")
    message: Sentence = Field(description="a sentence: how it stands, why it failed, how it can go on")
    type: str = Field(description="its project type")


class ResumableTask(OneTask):
    """With `tid` and `resume`."""

    resumable: bool = Field(description="whether its training can go on")
    max_saved_epochs: int = Field(description="the last saved epoch, -1 for none")


class ListedTask(Entry):
    """A task in a list."""

    desc: str = Field(description="its description")
    pid: str = Field(description="id of its project")
    status: TaskStatus = Field(description="its status")


class AllTasks(Answer):
    """Without `tid`."""

    tasks: list[ListedTask] = Field(description="oldest first")


class PartOfTasks(AllTasks):
    """The same with `offset`, `limit` or `sort`."""

    total: int = Field(description="how many there are in all")


class TrainingParams(Answer):
    """Training parameters."""

    train: Params = Field(description="by name; of a pid the default ones, ready to be sent back")


class VisualDLPage(Answer):
    """The VisualDL page of the task."""

    url: str = Field(description="a host and a port; the page lies at http:// and this")
