"""Links that look like buttons."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc
from dash.development.base_component import Component


def button(label: str, href: str, **properties: Any) -> Component:
    """A link to a page of the site that looks like a button.

    Args:
        label: what it says.
        href: where it leads.
        properties: of the button, such as ``leftSection``.
    """
    # The link takes the keyboard; the button inside is for the eye.
    return dcc.Link(dmc.Button(label, tabIndex=-1, **properties), href=href)
