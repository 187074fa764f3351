"""The tab *Prediction* of a task: images in, and what its model finds in them, drawn in the browser."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.task import frame, model
from paddlex_restful.web.pages.task.predict import found, starting


def layout(services: Services, tid: str) -> Component:
    """Make the tab.

    Args:
        services: what the page works on.
        tid: the task.
    """
    hint = _("Train it first; then you can show it images here and see what it finds.")
    content = model.untrained(services, tid, hint) or dmc.Stack(
        [starting.panel(services, tid), html.Div(found.result(services, tid), id="predict-found")]
    )
    return frame.framed(services, tid, "predict", content)


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    starting.register(site, services)
    found.register(site, services)


PAGE = Page(
    addresses=("/tasks/<tid>/predict",),
    title=lambda: _("Prediction"),
    layout=layout,
    register=register,
    section="projects",
)
