"""The images of a dataset with their labels, to leaf through."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component

from paddlex_restful.datasets.pictures import Labels
from paddlex_restful.enums import ProjectType
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services
from paddlex_restful.services.gallery import Gallery, Shown, gallery
from paddlex_restful.web.images import address
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.dataset.frame import framed, without_images
from paddlex_restful.web.parts import frames, lists, query, viewer

_SHOWN = 48
"""Images of one page."""

_LARGE = 1400
"""Pixels of the longer side of a large picture."""

_NONE = "none"
"""In the place of the number of a class: images without objects."""

_VIEWER = "dataset-viewer"


def part_words(part: str) -> str:
    """A part of a dataset in words."""
    return {"train": _("Training"), "val": _("Validation"), "test": _("Test")}.get(part, "")


def layout(services: Services, did: str) -> Component:
    """Make the page."""
    return framed(services, did, "", without_images(services, did) or _gallery(services, did))


def _gallery(services: Services, did: str) -> Component:
    found = gallery(services, did)
    classes = [
        {"value": str(index), "label": f"{label} ({found.counts[label]:,})"} for index, label in enumerate(found.labels)
    ]
    if services.workspace.dataset(did).type != ProjectType.CLASSIFICATION:
        without = _("Without objects ({count})").format(count=f"{found.counts['']:,}")
        classes.append({"value": _NONE, "label": without})
    parts = [
        {"value": part, "label": f"{part_words(part)} ({found.splits[part]:,})"}
        for part in ("train", "val", "test")
        if part in found.splits
    ]
    controls = [
        _select("dataset-images-class", _("All classes"), _("Class"), classes, searchable=True, limit=100),
        _select("dataset-images-part", _("All parts"), _("Part"), parts, display=None if parts else "none"),
        lists.search("dataset-images-text", _("Search by file name"), w={"base": "100%", "xs": 240}),
    ]
    return html.Div(
        [
            dcc.Location(id="dataset-images-here", refresh=False),
            dmc.Group(
                [*controls, dmc.Text(id="dataset-images-total", size="sm", c="dimmed", **{"aria-live": "polite"})],
                gap="sm",
                mb="md",
            ),
            html.Div(id="dataset-images-found"),
            dmc.Center(
                lists.turning("dataset-images-page", withEdges=True, size="sm"),
                mt="md",
            ),
            viewer.viewer(_VIEWER),
        ]
    )


def _select(id: str, placeholder: str, label: str, data: list[dict[str, str]], **properties: Any) -> Component:
    return dmc.Select(
        id=id,
        data=data,
        placeholder=placeholder,
        clearable=True,
        w={"base": "100%", "xs": 220},
        **properties,
        **{"aria-label": label},
    )


def _tile(did: str, number: int, one: Shown, version: str) -> Component:
    name = one.image.rpartition("/")[2]
    classes = ", ".join(one.labels) or _("No objects")
    return html.Button(
        [
            html.Div(html.Img(src=address(did, one.image, version=version), alt=""), className="tile"),
            html.Div(name, className="tile-name"),
            html.Div(classes, className="tile-labels"),
        ],
        id=viewer.opener(_VIEWER, number),
        type="button",
        title=one.image,
        className="tile-button",
        **{"aria-label": _("{image}: {classes}").format(image=name, classes=classes)},
    )


def _views(did: str, shown: list[Shown], version: str) -> list[dict[str, str]]:
    views = []
    for one in shown:
        told = [", ".join(one.labels) or _("No objects"), *([part_words(one.split)] if one.split else [])]
        src = address(did, one.image, side=_LARGE, labels=Labels.NAMES, version=version)
        views.append(viewer.View(src, one.image, " · ".join(told)))
    return viewer.data(views)


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    viewer.register(site, _VIEWER)

    @site.callback(
        Output("dataset-images-found", "children"),
        Output("dataset-images-total", "children"),
        Output(f"{_VIEWER}-views", "data"),
        Output("dataset-images-page", "total"),
        Output("dataset-images-page", "value"),
        Output("dataset-images-class", "value"),
        Output("dataset-images-part", "value"),
        Output("dataset-images-text", "value"),
        Output("dataset-images-here", "search"),
        Input("dataset-images-here", "search"),
        Input("dataset-images-class", "value"),
        Input("dataset-images-part", "value"),
        Input("dataset-images-text", "value"),
        Input("dataset-images-page", "value"),
        State("dataset-did", "data"),
        prevent_initial_call=True,
    )
    def show(
        search: str | None, label: str | None, part: str | None, text: str, page: int, did: str
    ) -> tuple[Any, ...]:
        if ctx.triggered_id == "dataset-images-here":
            asked = query.read(search)
            label, part, text = asked.get("class"), asked.get("part"), asked.get("name", "")
            page = query.page_of(asked.get("page"))
        elif ctx.triggered_id != "dataset-images-page":
            page = 1
        found = gallery(services, did)
        label = label if _label(found, label) is not None else None
        part = part if part in found.splits else None
        chosen = found.select(_label(found, label), part, text)
        pages = lists.page_count(len(chosen), _SHOWN)
        page = min(page, pages)
        shown = chosen[(page - 1) * _SHOWN : page * _SHOWN]
        tiles = [_tile(did, number, one, found.version) for number, one in enumerate(shown)]
        content = html.Div(tiles, className="tiles") if tiles else frames.nothing(_("No image is like this"))
        total = _("{count} images").format(count=f"{len(chosen):,}")
        wanted = query.write({"class": label, "part": part, "name": text}, page)
        return content, total, _views(did, shown, found.version), pages, page, label, part, text, wanted


def _label(found: Gallery, value: str | None) -> str | None:
    """The class that a value of the field means, as ``Gallery.select`` takes it; None for all."""
    if value == _NONE:
        return ""
    number = int(value) if value and value.isdecimal() and len(value) < 9 else -1
    return found.labels[number] if 0 <= number < len(found.labels) else None


PAGE = Page(
    addresses=("/datasets/<did>",), title=lambda: _("Dataset"), layout=layout, register=register, section="datasets"
)
