"""/project/task/prune: the analysis that pruning needs. Not available yet; the calls answer so."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.task import TID
from paddlex_restful.errors import UserError
from paddlex_restful.messages import task as sentences
from paddlex_restful.services import Services

blueprint = Blueprint("prune", __name__)


class PruneTask(Arguments):
    """Arguments of the calls on an analysis."""

    tid: str = Field(description=TID)


@call(blueprint, "POST", "/project/task/prune")
def start(args: PruneTask, services: Services) -> None:
    """Starts the sensitivity analysis of a task."""
    services.workspace.task(args.tid)
    raise UserError(sentences.PRUNING_NOT_AVAILABLE)


@call(blueprint, "GET", "/project/task/prune")
def get(args: PruneTask, services: Services) -> dict[str, Any]:
    """Status of the sensitivity analysis of a task; null where none was started."""
    services.workspace.task(args.tid)
    return {"prune_status": None, "message": sentences.NEVER_ANALYSED.format(tid=args.tid)}


@call(blueprint, "PUT", "/project/task/prune")
def stop(args: PruneTask, services: Services) -> None:
    """Stops the sensitivity analysis of a task."""
    services.workspace.task(args.tid)
    raise UserError(sentences.PRUNING_NOT_AVAILABLE)
