"""Pruning of a trained task. Not available yet: what is asked of it is refused in a sentence."""

from __future__ import annotations

from typing import Any, NoReturn

from paddlex_restful.errors import UserError
from paddlex_restful.messages import task as sentences
from paddlex_restful.services import Services


def start_or_stop(services: Services, tid: str) -> NoReturn:
    """Refuses to start or to stop the sensitivity analysis of a task.

    Raises:
        UserError: always; of the task if there is none.
    """
    services.workspace.task(tid)
    raise UserError(sentences.PRUNING_NOT_AVAILABLE)


def get(services: Services, tid: str) -> dict[str, Any]:
    """Status of the sensitivity analysis of a task: null, because none was ever started."""
    services.workspace.task(tid)
    return {"prune_status": None, "message": sentences.NEVER_ANALYSED.format(tid=tid)}


def log(services: Services, tid: str) -> dict[str, Any] | None:
    """Progress of the sensitivity analysis of a task: none, because none was ever started."""
    services.workspace.task(tid)
    return None


def sensitivities(services: Services, tid: str) -> NoReturn:
    """Refuses to tell the sensitivities of a task.

    Raises:
        UserError: always; of the task if there is none.
    """
    services.workspace.task(tid)
    raise UserError(sentences.SENSITIVITIES_NOT_AVAILABLE)
