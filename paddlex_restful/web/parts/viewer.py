"""Large pictures of a list of small ones, one after the other, by clicks and by the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.web.parts.icons import icon


@dataclass(frozen=True)
class View:
    """A picture in the viewer.

    Attributes:
        src: its address.
        title: what it is called.
        caption: what it shows.
    """

    src: str
    title: str
    caption: str


def viewer(id: str) -> Component:
    """The viewer, closed; it shows the ``View``s that the ``data`` of ``<id>-views`` has.

    Args:
        id: of the viewer. A click on the component of the id ``opener(id, number)`` opens it.
    """
    buttons = [
        dmc.ActionIcon(
            icon(symbol),
            id=f"{id}-{name}",
            variant="default",
            size="lg",
            className=f"viewer-{name}",
            **{"aria-label": label},
        )
        for name, symbol, label in (("previous", "back", _("Previous image")), ("next", "next", _("Next image")))
    ]
    picture = html.Div(html.Img(id=f"{id}-picture", alt=""), className="viewer-picture")
    caption = dmc.Text(id=f"{id}-caption", size="sm", c="dimmed", className="anywhere", ta="center")
    foot = dmc.Group(
        [buttons[0], html.Div(caption, className="viewer-caption"), buttons[1]], justify="space-between", wrap="nowrap"
    )
    return html.Div(
        [
            dcc.Store(id=f"{id}-views", data=[]),
            dcc.Store(id=f"{id}-at"),
            dmc.Modal(
                dmc.Stack([picture, foot], gap="xs"),
                id=id,
                title=dmc.Text(id=f"{id}-title", fw=600, className="anywhere"),
                opened=False,
                size="min(1200px, 96vw)",
                centered=True,
                keepMounted=True,
            ),
        ]
    )


def opener(id: str, number: int) -> dict[str, str | int]:
    """The id of the component that opens the viewer at the view of this number."""
    return {"viewer": id, "number": number}


def data(views: Sequence[View]) -> list[dict[str, str]]:
    """Views, as the store of the viewer holds them."""
    return [asdict(view) for view in views]


def register(site: Dash, id: str) -> None:
    """Declare what opens the viewer and leafs through it, in the browser."""
    site.clientside_callback(
        ClientsideFunction("viewer", "show"),
        Output(id, "opened"),
        Output(f"{id}-at", "data"),
        Output(f"{id}-picture", "src"),
        Output(f"{id}-picture", "alt"),
        Output(f"{id}-title", "children"),
        Output(f"{id}-caption", "children"),
        Output(f"{id}-previous", "disabled"),
        Output(f"{id}-next", "disabled"),
        Input({"viewer": id, "number": ALL}, "n_clicks"),
        Input(f"{id}-previous", "n_clicks"),
        Input(f"{id}-next", "n_clicks"),
        State(f"{id}-at", "data"),
        State(f"{id}-views", "data"),
        prevent_initial_call=True,
    )
