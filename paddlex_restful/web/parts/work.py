"""Work that takes a while: how far it is, and how it is stopped."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import set_props
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.web.parts.icons import icon

Progress = list[Component]
"""How far work is, as it is shown."""


def bar(words: str, percent: float, label: str) -> Progress:
    """How far work is.

    Args:
        words: what it is doing.
        percent: how much is done.
        label: what the bar is, for screen readers.
    """
    return [
        dmc.Text(words, size="sm", className="figure"),
        dmc.Progress(value=percent, animated=True, striped=True, mt="xs", **{"aria-label": label}),
    ]


def going_on(key: str, progress: Progress) -> Component:
    """Work that goes on, with the button ``<key>-stop``.

    Args:
        key: what ids begin with.
        progress: how far it is.
    """
    button = dmc.Button(_("Stop"), id=f"{key}-stop", size="compact-sm", variant="default", leftSection=icon("stop"))
    return dmc.Group([dmc.Box(progress, id=f"{key}-progress", flex=1), button], mt="md", wrap="nowrap")


def tell(key: str, progress: Progress) -> None:
    """Tell, in a callback, how far the work is that the page shows already.

    What a callback gives to be shown is made anew. A button that is made anew loses the focus, and a click of which
    the mouse button is still down.

    Args:
        key: that of ``going_on``.
        progress: how far it is.
    """
    set_props(f"{key}-progress", {"children": progress})
