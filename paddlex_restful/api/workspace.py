"""/workspace: the folder of the server; attributes of datasets, projects and tasks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import one_of
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.workspace import Attributes, WorkspaceFolder
from paddlex_restful.services import Services, attributes, versions

blueprint = Blueprint("workspace", __name__)

STRUCTS = one_of("dataset", "project", "task")


class GetWorkspace(Arguments):
    """Arguments of GET /workspace; none of them asks for the folder."""

    struct: str | None = Field(None, description="kind of the entry", json_schema_extra=STRUCTS)
    id: str | None = Field(None, description="id of the entry, such as D0001")
    attr_list: list[str] | None = Field(None, description="names of the attributes to read")


@call(blueprint, "GET", "/workspace", WorkspaceFolder, Attributes)
def get(args: GetWorkspace, services: Services) -> dict[str, Any]:
    """The folder of the workspace, or attributes of one of its entries."""
    with until_changed(versions.of_lists, services):
        return attributes.look_up(services, args.struct, args.id, args.attr_list)


class PutWorkspace(Arguments):
    """Arguments of PUT /workspace."""

    struct: str = Field(description="kind of the entry", json_schema_extra=STRUCTS)
    id: str = Field(description="id of the entry, such as P0001")
    attr_dict: dict[str, Any] = Field(description='attributes to change, such as {"did": "D0001"}')


@call(blueprint, "PUT", "/workspace", Nothing)
def put(args: PutWorkspace, services: Services) -> None:
    """Changes attributes of a dataset, a project or a task; binds a project to its dataset."""
    attributes.change(services, args.struct, args.id, args.attr_dict)
