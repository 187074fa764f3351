"""/demo: demo projects, downloaded and loaded into the workspace."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import one_of
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.workspace import DemoDownload, LoadedDemo
from paddlex_restful.enums import TRAINABLE_TYPES
from paddlex_restful.services import Services, demos

blueprint = Blueprint("demo", __name__)

PRJ_TYPE = "the project type, as its word or its number"
PRJ_TYPES = one_of(*TRAINABLE_TYPES, *map(str, range(len(TRAINABLE_TYPES))))


class CreateDemo(Arguments):
    """Arguments of POST /demo."""

    type: Literal["download", "load"] = Field(description="download or load")
    prj_type: str = Field(description=PRJ_TYPE, json_schema_extra=PRJ_TYPES)


@call(blueprint, "POST", "/demo", Nothing, LoadedDemo)
def create(args: CreateDemo, services: Services) -> dict[str, Any] | None:
    """Starts the download of a demo, or makes a dataset and a project from it."""
    if args.type == "download":
        demos.download(services, args.prj_type)
        return None
    did, pid = demos.load(services, args.prj_type)
    return {"did": did, "pid": pid}


class GetDemo(Arguments):
    """Arguments of GET and PUT /demo."""

    prj_type: str = Field(description=PRJ_TYPE, json_schema_extra=PRJ_TYPES)


@call(blueprint, "GET", "/demo", DemoDownload)
def get(args: GetDemo, services: Services) -> dict[str, Any]:
    """How the download of a demo stands."""
    return {"attr": demos.download_progress(services, args.prj_type)}


@call(blueprint, "PUT", "/demo", Nothing)
def stop(args: GetDemo, services: Services) -> None:
    """Stops the download of a demo."""
    demos.stop(services, args.prj_type)
