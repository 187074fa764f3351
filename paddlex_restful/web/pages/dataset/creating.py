"""A new dataset: its name, and what its images are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, get_asset_url, html, no_update
from dash.development.base_component import Component

from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, datasets
from paddlex_restful.services.attributes import DESC_LENGTH, NAME_LENGTH
from paddlex_restful.web.page import Page
from paddlex_restful.web.parts import frames, notices, statuses
from paddlex_restful.web.parts.clicks import clicks_only

LAYOUTS: Mapping[str, str] = {
    ProjectType.CLASSIFICATION.value: "rose/   1.jpg 2.jpg …\ntulip/  3.jpg 4.jpg …",
    ProjectType.DETECTION.value: "JPEGImages/  1.jpg …\nAnnotations/ 1.xml …",
    ProjectType.SEGMENTATION.value: "JPEGImages/  1.jpg …\nAnnotations/ 1.png …",
    ProjectType.INSTANCE_SEGMENTATION.value: "JPEGImages/  1.jpg …\nannotations.json",
}
"""How the folders of each type lie."""

_WORDS: Mapping[str, tuple[Callable[[], str], Callable[[], str]]] = {
    ProjectType.CLASSIFICATION.value: (
        lambda: _("What is in the image? One answer for each image."),
        lambda: _("A folder for each class, with its images."),
    ),
    ProjectType.DETECTION.value: (
        lambda: _("Where are the things? A box around each."),
        lambda: _("Boxes as Pascal VOC, or as COCO in annotations.json."),
    ),
    ProjectType.SEGMENTATION.value: (
        lambda: _("What is each pixel? Areas, without telling things of a kind apart."),
        lambda: _("For each image a PNG whose pixels are numbers of classes; 0 is the background."),
    ),
    ProjectType.INSTANCE_SEGMENTATION.value: (
        lambda: _("Where is each single thing, and what is its outline?"),
        lambda: _("Outlines as COCO, in annotations.json."),
    ),
}


def layout_hint(dataset_type: str) -> Component:
    """How the folder of a dataset of this type lies, with a sentence on it."""
    return dmc.Stack(
        [
            html.Pre(LAYOUTS[dataset_type], className="layout"),
            dmc.Text(_WORDS[dataset_type][1](), size="xs", c="dimmed"),
        ],
        gap=4,
    )


def layout(services: Services) -> Component:
    """Make the page."""
    types = dmc.RadioGroup(
        dmc.SimpleGrid([_type(kind["value"]) for kind in statuses.types()], cols={"base": 1, "xs": 2, "lg": 4}),
        id="new-dataset-type",
        label=_("What the images are for"),
        value=ProjectType.CLASSIFICATION.value,
    )
    return html.Div(
        [
            frames.heading(_("New dataset"), crumbs=[(_("Datasets"), "/datasets")]),
            dmc.Stack(
                [
                    dmc.TextInput(
                        id="new-dataset-name",
                        label=_("Name"),
                        placeholder=_("Such as: flowers of the garden"),
                        value="",
                        maw=560,
                        inputProps={"maxLength": NAME_LENGTH},
                        **{"data-autofocus": True},
                    ),
                    types,
                    dmc.Textarea(
                        id="new-dataset-desc",
                        label=_("Description"),
                        description=_("May be left out."),
                        value="",
                        autosize=True,
                        minRows=2,
                        maw=560,
                        inputProps={"maxLength": DESC_LENGTH},
                    ),
                    html.Div(id="new-dataset-problem"),
                    dmc.Group([dmc.Button(_("Create and add images"), id="new-dataset-create")]),
                ],
                gap="lg",
            ),
        ]
    )


def _type(kind: str) -> Component:
    return dmc.RadioCard(
        dmc.Stack(
            [
                html.Img(src=get_asset_url(f"sketch-{kind}.svg"), alt="", className="sketch"),
                dmc.Group([dmc.RadioIndicator(), dmc.Text(statuses.type_words(kind), fw=600)], gap="xs", wrap="nowrap"),
                dmc.Text(_WORDS[kind][0](), size="sm"),
                layout_hint(kind),
            ],
            gap="xs",
        ),
        value=kind,
        withBorder=True,
        p="md",
        className="type-choice",
        **{"aria-label": statuses.type_words(kind)},
    )


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("address", "href", allow_duplicate=True),
        Output("new-dataset-name", "error"),
        Output("new-dataset-problem", "children"),
        Input("new-dataset-create", "n_clicks"),
        State("new-dataset-name", "value"),
        State("new-dataset-desc", "value"),
        State("new-dataset-type", "value"),
        prevent_initial_call=True,
        running=[(Output("new-dataset-create", "loading"), True, False)],
    )
    def create(clicks: int | None, name: str, desc: str, kind: str) -> tuple[Any, Any, Any]:
        clicks_only(clicks)
        if not name.strip():
            return no_update, _("Give the dataset a name."), None
        try:
            did = datasets.create(services, name.strip(), desc, kind)
        except UserError as error:
            return no_update, None, notices.problem(notices.words(error))
        return f"/datasets/{did}/import", None, None


PAGE = Page(
    addresses=("/datasets/new",), title=lambda: _("New dataset"), layout=layout, register=register, section="datasets"
)
