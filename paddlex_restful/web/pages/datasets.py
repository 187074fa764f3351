"""The datasets that there are."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, ctx, dcc, html
from dash.development.base_component import Component

from paddlex_restful.enums import TRAINABLE_TYPES
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, datasets
from paddlex_restful.services.listing import Selection
from paddlex_restful.web.images import address
from paddlex_restful.web.page import Page
from paddlex_restful.web.parts import cards, frames, links, lists, query, statuses
from paddlex_restful.web.parts.icons import icon

_SHOWN = 24
"""Datasets of one page."""


def layout(services: Services) -> Component:
    """Make the page."""
    return html.Div(
        [
            dcc.Location(id="datasets-here", refresh=False),
            frames.heading(_("Datasets"), actions=[_new()]),
            dmc.Group(
                [
                    lists.search("datasets-text", _("Search by name"), w={"base": "100%", "xs": 280}),
                    dmc.Select(
                        id="datasets-type",
                        data=statuses.types(),
                        placeholder=_("All types"),
                        clearable=True,
                        w={"base": "100%", "xs": 220},
                        **{"aria-label": _("Type")},
                    ),
                ],
                mb="md",
                gap="sm",
            ),
            html.Div(id="datasets-found"),
            dmc.Center(
                lists.turning("datasets-page", withEdges=True, size="sm"),
                mt="md",
            ),
        ]
    )


def _new() -> Component:
    return links.button(_("New dataset"), "/datasets/new", leftSection=icon("plus"))


def _card(services: Services, attributes: dict[str, Any]) -> Component:
    did, status = attributes["id"], attributes["dataset_status"]
    images = datasets.image_count(services, did)
    projects = len(services.workspace.projects_of(did))
    counts = [_("{count} images").format(count=f"{images:,}")] if images else []
    counts += [_("projects: {count}").format(count=projects)] if projects else []
    return cards.card(
        f"/datasets/{did}",
        attributes["name"],
        statuses.type_words(attributes["type"]),
        picture=address(did) if images else None,
        symbol="images",
        foot=[statuses.dataset_status(status), dmc.Text(" · ".join(counts), size="xs", c="dimmed")],
    )


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("datasets-found", "children"),
        Output("datasets-page", "total"),
        Output("datasets-page", "value"),
        Output("datasets-text", "value"),
        Output("datasets-type", "value"),
        Output("datasets-here", "search"),
        Input("datasets-here", "search"),
        Input("datasets-text", "value"),
        Input("datasets-type", "value"),
        Input("datasets-page", "value"),
        prevent_initial_call=True,
    )
    def show(
        search: str | None, text: str, dataset_type: str | None, page: int
    ) -> tuple[Component, int, int, str, str | None, str]:
        if ctx.triggered_id == "datasets-here":
            asked = query.read(search)
            text, page = asked.get("text", ""), query.page_of(asked.get("page"))
            dataset_type = asked["type"] if asked.get("type") in TRAINABLE_TYPES else None
        elif ctx.triggered_id != "datasets-page":
            page = 1
        selection = Selection(offset=(page - 1) * _SHOWN, limit=_SHOWN, sort="-id")
        found = datasets.search(services, text, dataset_type, selection)
        wanted = query.write({"text": text, "type": dataset_type}, page)
        content = _found(services, found.items, filtered=bool(text or dataset_type))
        return content, lists.page_count(found.total, _SHOWN), page, text, dataset_type, wanted


def _found(services: Services, entries: list[dict[str, Any]], *, filtered: bool) -> Component:
    if entries:
        return cards.grid([_card(services, entry["attr"]) for entry in entries])
    if filtered:
        return frames.nothing(_("No dataset is like this"), hint=_("Search for another name, or show all types."))
    hint = _("A dataset holds your images and their labels; trainings learn from it.")
    return frames.nothing(_("No datasets yet"), _new(), hint=hint)


PAGE = Page(addresses=("/datasets",), title=lambda: _("Datasets"), layout=layout, register=register, section="datasets")
