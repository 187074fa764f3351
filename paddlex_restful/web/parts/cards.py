"""Cards: an entry with its picture, that leads to its page."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from paddlex_restful.web.parts.icons import icon


def card(
    href: str, title: str, subtitle: str, *, picture: str | None, symbol: str, foot: Sequence[Component] = ()
) -> Component:
    """A card.

    Args:
        href: where it leads.
        title: the name of the entry.
        subtitle: what it is.
        picture: address of its picture; None where it has none.
        symbol: the icon that stands in the place of a picture.
        foot: what stands below, such as a status.
    """
    shown = html.Img(src=picture, alt="") if picture else icon(symbol)
    return dmc.Anchor(
        dmc.Card(
            [
                dmc.CardSection(html.Div(shown, className="card-picture")),
                dmc.Text(title, fw=600, mt="sm", truncate="end"),
                dmc.Text(subtitle, size="xs", c="dimmed", truncate="end"),
                dmc.Group(list(foot), justify="space-between", mt="xs", gap="xs"),
            ],
            withBorder=True,
            padding="sm",
            className="card",
        ),
        href=href,
        refresh=False,
        underline="never",
        c="inherit",
    )


def grid(cards: Sequence[Component]) -> Component:
    """Cards beside each other, as many as there is room for."""
    return html.Div(list(cards), className="cards")
