"""What the tabs that use a trained model share: which of its saved states is taken, and what stands there without."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash.development.base_component import Component

from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.messages.task import NOT_TRAINED
from paddlex_restful.services import Services, checkpoints, tasks, trained
from paddlex_restful.web.parts import frames, links, notices
from paddlex_restful.web.parts.icons import icon

BEST = "best"


def untrained(services: Services, tid: str, hint: str) -> Component | None:
    """What stands in a tab while the task has no model; None where it has one.

    Args:
        services: what the page works on.
        tid: the task.
        hint: what can be done here with a model, in a sentence.
    """
    try:
        trained.checkpoint(services, services.workspace.task(tid), None)
    except UserError as error:
        if error.template != NOT_TRAINED:
            return frames.panel(notices.problem(notices.words(error)))
        way = links.button(_("To the training"), f"/tasks/{tid}", leftSection=icon("play"))
        return frames.panel(frames.nothing(_("This task has no trained model yet"), way, hint=hint))
    return None


def epochs(services: Services, tid: str, id: str) -> Component:
    """The choice among the saved states of a model.

    Args:
        services: what the page works on.
        tid: the task.
        id: of the component; ``epoch`` reads its value.
    """
    saved = checkpoints.saved_epochs(tasks.output_folder(services, services.workspace.task(tid)))
    return dmc.Select(
        id=id,
        label=_("State of the model"),
        description=_("After which epoch of the training"),
        data=[
            {"value": BEST, "label": _("The best one")},
            *({"value": str(epoch), "label": _("Epoch {epoch}").format(epoch=epoch)} for epoch in reversed(saved)),
        ],
        value=BEST,
        allowDeselect=False,
        maw=260,
    )


def epoch(value: str) -> int | None:
    """The epoch that was chosen, None for the best one."""
    return None if value == BEST else int(value)
