"""Work that takes a while: how far it is, and how it is stopped."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.web.parts.icons import icon


def going_on(words: str, percent: float, label: str, stop: str) -> Component:
    """Work that goes on.

    Args:
        words: what it is doing.
        percent: how much is done.
        label: what the bar is, for screen readers.
        stop: id of the button that stops it.
    """
    button = dmc.Button(_("Stop"), id=stop, size="compact-sm", variant="default", leftSection=icon("stop"))
    return dmc.Stack(
        [
            dmc.Group([dmc.Text(words, size="sm"), button], justify="space-between"),
            dmc.Progress(value=percent, animated=True, striped=True, **{"aria-label": label}),
        ],
        gap="xs",
        mt="md",
    )
