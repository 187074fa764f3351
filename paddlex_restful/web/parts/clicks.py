"""Clicks, and what only looks like one."""

from __future__ import annotations

from dash.exceptions import PreventUpdate


def clicks_only(clicks: int | None) -> None:
    """End a callback whose button was drawn, not clicked: Dash calls then too, ``prevent_initial_call`` or not.

    Args:
        clicks: the button's ``n_clicks``.

    Raises:
        PreventUpdate: nobody has clicked.
    """
    if not clicks:
        raise PreventUpdate
