"""How a page looks again and again what has changed."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component


def looking(key: str, seconds: int, *, disabled: bool = False) -> Component:
    """The clock of a page, ``<key>-tick``, and its looks, ``<key>-look``, whose data change with each.

    A look waits for the answers to the one before.

    Args:
        key: what ids begin with.
        seconds: between two looks.
        disabled: whether it stands still at first.
    """
    clock = dcc.Interval(id=f"{key}-tick", interval=seconds * 1000, disabled=disabled)
    return html.Div([clock, dcc.Store(id=f"{key}-look")], hidden=True)


def register(site: Dash, key: str) -> None:
    """Declare the callback.

    Args:
        site: the page's app.
        key: that of ``looking``.
    """
    site.clientside_callback(
        ClientsideFunction("looking", "look"),
        Output(f"{key}-look", "data"),
        Input(f"{key}-tick", "n_intervals"),
        prevent_initial_call=True,
    )
