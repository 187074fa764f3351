"""The first page: the projects and datasets that there are, or an invitation."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import Dash
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services
from paddlex_restful.web.page import Page


def layout(services: Services) -> Component:
    """Make the page."""
    return dmc.Title(_("Home"), order=1)


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""


PAGE = Page(addresses=("/",), title=lambda: _("Home"), layout=layout, register=register, section="home")
