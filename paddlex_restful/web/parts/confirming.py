"""Asking before something is destroyed."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _


def confirming(id: str, button: Component, question: str, what: str, act: str) -> Component:
    """A button, and the question that it asks first; the id of the button that acts is ``<id>-yes``.

    Args:
        id: of the question; that of ``button`` must be ``<id>-ask``.
        button: what is clicked first.
        question: the heading of the question.
        what: what will be gone, in a sentence.
        act: the word on the button that acts.
    """
    return dmc.Box([button, asking(id, question, what, act)])


def asking(id: str, question: str, what: str, act: str) -> Component:
    """A question alone, for what opens it otherwise; ``<id>-what`` is the id of its sentence.

    Args:
        id: of the question; those of its buttons are ``<id>-no`` and ``<id>-yes``.
        question: its heading.
        what: what will be gone, in a sentence.
        act: the word on the button that acts.
    """
    buttons = dmc.Group(
        [
            dmc.Button(_("Cancel"), id=f"{id}-no", variant="default", **{"data-autofocus": True}),
            dmc.Button(act, id=f"{id}-yes", color="red"),
        ],
        justify="flex-end",
        mt="md",
    )
    content = [dmc.Text(what, id=f"{id}-what"), buttons]
    return dmc.Modal(content, id=id, title=dmc.Text(question, fw=600), opened=False, centered=True)


def register(site: Dash, id: str) -> None:
    """Declare what opens and closes a question."""
    site.clientside_callback(
        ClientsideFunction("parts", "confirm"),
        Output(id, "opened"),
        Input(f"{id}-ask", "n_clicks"),
        Input(f"{id}-no", "n_clicks"),
        Input(f"{id}-yes", "n_clicks"),
        prevent_initial_call=True,
    )
