"""The tab *Evaluation* of a task: how good its model is, and where it fails."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.task import frame, model
from paddlex_restful.web.pages.task.evaluate import classes, curves, found, gallery, matrix, starting


def layout(services: Services, tid: str) -> Component:
    """Make the tab.

    Args:
        services: what the page works on.
        tid: the task.
    """
    hint = _("Train it first; then its model is tried here on images that it has not learned from.")
    content = model.untrained(services, tid, hint) or dmc.Stack(
        [starting.panel(services, tid), html.Div(found.result(services, tid), id="evaluate-found")]
    )
    return frame.framed(services, tid, "evaluate", content)


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    for part in (starting, matrix, classes, curves, gallery):
        part.register(site, services)


PAGE = Page(
    addresses=("/tasks/<tid>/evaluate",),
    title=lambda: _("Evaluation"),
    layout=layout,
    register=register,
    section="projects",
)
