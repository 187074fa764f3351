"""/demo: demo projects, downloaded and loaded into the workspace."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.services import Services, demos

blueprint = Blueprint("demo", __name__)

PRJ_TYPE = "0 to 3, or classification, detection, segmentation, instance_segmentation"


class CreateDemo(Arguments):
    """Arguments of POST /demo."""

    type: Literal["download", "load"] = Field(description="download or load")
    prj_type: str = Field(description=PRJ_TYPE)


@call(blueprint, "POST", "/demo")
def create(args: CreateDemo, services: Services) -> dict[str, Any] | None:
    """Starts the download of a demo, or makes a dataset and a project from it."""
    if args.type == "download":
        demos.download(services, args.prj_type)
        return None
    did, pid = demos.load(services, args.prj_type)
    return {"did": did, "pid": pid}


class GetDemo(Arguments):
    """Arguments of GET and PUT /demo."""

    prj_type: str = Field(description=PRJ_TYPE)


@call(blueprint, "GET", "/demo")
def get(args: GetDemo, services: Services) -> dict[str, Any]:
    """How the download of a demo stands."""
    return {"attr": demos.download_progress(services, args.prj_type)}


@call(blueprint, "PUT", "/demo")
def stop(args: GetDemo, services: Services) -> None:
    """Stops the download of a demo."""
    demos.stop(services, args.prj_type)
