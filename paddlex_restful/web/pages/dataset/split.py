"""How a dataset is divided into images for training, validation and test."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, datasets
from paddlex_restful.services.gallery import gallery
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.dataset.frame import framed, without_images
from paddlex_restful.web.pages.dataset.images import part_words
from paddlex_restful.web.parts import confirming, frames, notices
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_MOST_PERCENT = {"val": 50, "test": 40}
"""So that images are left for training, whatever is chosen."""

_COLOURS = {"train": "indigo", "val": "orange", "test": "teal"}


def layout(services: Services, did: str) -> Component:
    """Make the page."""
    return framed(services, did, "split", without_images(services, did) or _split(services, did))


def _split(services: Services, did: str) -> Component:
    found = gallery(services, did)
    classified = services.workspace.dataset(did).type == ProjectType.CLASSIFICATION
    # What can leave the training: of a classification every class keeps an image there.
    spare = sum(max(0, count - 1) for label, count in found.counts.items() if label) if classified else None
    images = len(found.images)
    val, test = (round(100 * found.splits.get(part, 0) / images) for part in ("val", "test"))
    if not found.splits:
        val, test = 20, 10
    return dmc.Stack(
        [
            dcc.Store(id="dataset-split-images", data={"images": images, "spare": images if spare is None else spare}),
            _now(found.splits, images),
            frames.panel(
                dmc.Stack(
                    [
                        _slider("val", val, _("Looked at while the net learns: they tell when it is best.")),
                        _slider("test", test, _("Kept aside until the end: they tell how good it is on new images.")),
                        _counts(),
                        html.Div(id="dataset-split-problem"),
                        dmc.Group([_button(bool(found.splits))]),
                    ],
                    gap="lg",
                ),
                title=_("Split anew") if found.splits else _("Split the images"),
                maw=760,
            ),
        ]
    )


def _now(splits: dict[str, int], images: int) -> Component:
    if not splits:
        text = _("A training needs images to learn from, and others to see whether what it has learnt holds.")
        return dmc.Text(text, size="sm", maw=760)
    present = [part for part in _COLOURS if splits.get(part)]
    bar = [
        dmc.ProgressSection(value=100 * splits[part] / images, color=_COLOURS[part], **{"aria-label": part_words(part)})
        for part in present
    ]
    names = [
        dmc.Badge(
            _("{name}: {value}").format(name=part_words(part), value=f"{splits[part]:,}"),
            color=_COLOURS[part],
            variant="dot",
            tt="none",
            size="lg",
        )
        for part in present
    ]
    return frames.panel(
        dmc.ProgressRoot(bar, size="lg", mb="sm"), dmc.Group(names, gap="xs"), title=_("As it is now"), maw=760
    )


def _slider(part: str, percent: int, why: str) -> Component:
    name = part_words(part)
    return dmc.Box(
        [
            dmc.Group(
                [dmc.Text(name, fw=600), dmc.Text(id=f"dataset-split-{part}-percent", size="sm", className="figure")],
                justify="space-between",
            ),
            dmc.Text(why, size="sm", c="dimmed", mb="xs"),
            dmc.Slider(
                id=f"dataset-split-{part}",
                value=percent,
                min=0,
                max=_MOST_PERCENT[part],
                step=1,
                updatemode="drag",
                label=None,
                color=_COLOURS[part],
                thumbLabel=name,
            ),
        ]
    )


def _counts() -> Component:
    boxes = [
        dmc.Paper(
            [
                dmc.Text(part_words(part), size="xs", c="dimmed"),
                dmc.Text(id=f"dataset-split-{part}-count", size="xl", fw=600, className="figure"),
            ],
            withBorder=True,
            p="sm",
            className=f"part-{part}",
        )
        for part in _COLOURS
    ]
    return html.Div(dmc.SimpleGrid(boxes, cols=3, spacing="sm"), **{"aria-live": "polite"})


def _button(again: bool) -> Component:
    if not again:
        return dmc.Button(_("Split"), id="dataset-split-yes", leftSection=icon("split"))
    return confirming.confirming(
        "dataset-split",
        dmc.Button(_("Split anew"), id="dataset-split-ask", leftSection=icon("split")),
        _("Split this dataset anew?"),
        _("The split that it has will be gone: nets that were trained on it know some of the new test images already."),
        _("Split anew"),
    )


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    confirming.register(site, "dataset-split")
    site.clientside_callback(
        ClientsideFunction("dataset", "count"),
        *(Output(f"dataset-split-{part}-count", "children") for part in _COLOURS),
        *(Output(f"dataset-split-{part}-percent", "children") for part in ("val", "test")),
        Input("dataset-split-val", "value"),
        Input("dataset-split-test", "value"),
        Input("dataset-split-images", "data"),
    )

    @site.callback(
        Output("dataset-split-problem", "children"),
        Output("address", "href", allow_duplicate=True),
        Input("dataset-split-yes", "n_clicks"),
        State("dataset-split-val", "value"),
        State("dataset-split-test", "value"),
        State("dataset-did", "data"),
        prevent_initial_call=True,
        running=[(Output("dataset-split-yes", "loading"), True, False)],
    )
    def split(clicks: int | None, val: int, test: int, did: str) -> tuple[Any, Any]:
        clicks_only(clicks)
        try:
            datasets.split(services, did, val / 100, test / 100)
        except UserError as error:
            return notices.problem(notices.words(error)), no_update
        return None, f"/datasets/{did}"


PAGE = Page(
    addresses=("/datasets/<did>/split",), title=lambda: _("Split"), layout=layout, register=register, section="datasets"
)
