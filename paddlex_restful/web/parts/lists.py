"""What lists have: a field to search them by, and pages to turn."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash.development.base_component import Component

from paddlex_restful.web.parts.icons import icon


def search(id: str, label: str, placeholder: str | None = None, **properties: Any) -> Component:
    """A field to search by; its value comes when the reader pauses.

    Args:
        id: of the field.
        label: what it searches, for screen readers.
        placeholder: what is written in it while it is empty; the label by default.
        properties: more of the field's.
    """
    return dmc.TextInput(
        id=id,
        value="",
        placeholder=placeholder or label,
        leftSection=icon("search"),
        debounce=300,
        **properties,
        **{"aria-label": label},
    )


def turning(id: str, **properties: Any) -> Component:
    """The numbers of the pages, hidden while there is one.

    Args:
        id: of the component; ``total`` and ``value`` are for the callback that fills the list.
        properties: more of the component's.
    """
    return dmc.Pagination(id=id, total=1, value=1, hideWithOnePage=True, **properties)


def page_count(total: int, size: int) -> int:
    """How many pages a list has, at least one.

    Args:
        total: its entries.
        size: those of a page.
    """
    return max(1, -(-total // size))
