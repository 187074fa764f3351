"""/project/task/prune: the analysis that pruning needs. Not available yet; the calls answer so."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.task import TID
from paddlex_restful.services import Services, pruning

blueprint = Blueprint("prune", __name__)


class PruneTask(Arguments):
    """Arguments of the calls on an analysis."""

    tid: str = Field(description=TID)


@call(blueprint, "POST", "/project/task/prune")
def start(args: PruneTask, services: Services) -> None:
    """Starts the sensitivity analysis of a task."""
    pruning.start_or_stop(services, args.tid)


@call(blueprint, "GET", "/project/task/prune")
def get(args: PruneTask, services: Services) -> dict[str, Any]:
    """Status of the sensitivity analysis of a task; null where none was started."""
    return pruning.get(services, args.tid)


@call(blueprint, "PUT", "/project/task/prune")
def stop(args: PruneTask, services: Services) -> None:
    """Stops the sensitivity analysis of a task."""
    pruning.start_or_stop(services, args.tid)
