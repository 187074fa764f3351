"""/project/task/prune: the analysis that tells what pruning costs."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.training import PruneState
from paddlex_restful.api.task import TID
from paddlex_restful.services import Services, pruning, versions

blueprint = Blueprint("prune", __name__)


class PruneTask(Arguments):
    """Arguments of the calls on an analysis."""

    tid: str = Field(description=TID)


class StopPruning(PruneTask):
    """Arguments of PUT /project/task/prune."""

    act: Literal["stop"] = Field("stop", description="stop")


@call(blueprint, "POST", "/project/task/prune", Nothing)
def start(args: PruneTask, services: Services) -> None:
    """Starts the sensitivity analysis of a task's model, or of its parent's; one that was stopped goes on."""
    pruning.start(services, args.tid)


@call(blueprint, "GET", "/project/task/prune", PruneState)
def get(args: PruneTask, services: Services) -> dict[str, Any]:
    """Status of the sensitivity analysis of a task; null where none was started."""
    with until_changed(versions.of_entry, services, args.tid):
        return pruning.get(services, args.tid)


@call(blueprint, "PUT", "/project/task/prune", Nothing)
def stop(args: StopPruning, services: Services) -> None:
    """Stops the sensitivity analysis of a task; what was measured is kept."""
    pruning.stop(services, args.tid)
