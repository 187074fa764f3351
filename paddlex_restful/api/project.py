"""/project: create, list and delete projects."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import PartOfList, one_of
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.kept import kept_answer
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.project import AllProjects, CreatedProject, OneProject, PartOfProjects
from paddlex_restful.enums import TRAINABLE_TYPES
from paddlex_restful.services import Services, projects, versions
from paddlex_restful.services.attributes import DESC_LENGTH, NAME_LENGTH

blueprint = Blueprint("project", __name__)

PID = "id of a project, such as P0001"


class CreateProject(Arguments):
    """Arguments of POST /project."""

    name: str = Field(max_length=NAME_LENGTH, description="what to call the project")
    desc: str = Field("", max_length=DESC_LENGTH, description="a description")
    project_type: str = Field(description="what its models are for", json_schema_extra=one_of(*TRAINABLE_TYPES))


@call(blueprint, "POST", "/project", CreatedProject)
def create(args: CreateProject, services: Services) -> dict[str, Any]:
    """Creates an empty project."""
    return {"pid": projects.create(services, args.name, args.desc, args.project_type)}


class GetProject(PartOfList):
    """Arguments of GET /project; none asks for all projects."""

    id: str | None = Field(None, description=PID)


@call(blueprint, "GET", "/project", OneProject, AllProjects, PartOfProjects)
def get(args: GetProject, services: Services) -> dict[str, Any]:
    """One project with the statuses of its tasks, or all projects."""
    if args.id is None:
        return kept_answer("projects", args, services, lambda: projects.list_all(services, args.selection))
    with until_changed(versions.of_lists, services):
        return {"attr": projects.get(services, args.id)}


class DeleteProject(Arguments):
    """Arguments of DELETE /project."""

    pid: str = Field(description=PID)


@call(blueprint, "DELETE", "/project", Nothing)
def delete(args: DeleteProject, services: Services) -> None:
    """Stops the tasks of a project and deletes them with it."""
    projects.delete(services, args.pid)
