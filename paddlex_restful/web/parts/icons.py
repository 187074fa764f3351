"""Icons: shapes of ``assets/icons.css`` in the colour of the text around them."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component


def icon(name: str) -> Component:
    """An icon; it is hidden from screen readers, so the text beside it or an ``aria-label`` says what it means.

    Args:
        name: of the style ``icon-…``.
    """
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})
