"""The first page: the newest projects and datasets, or an invitation where there are none."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc
from dash.development.base_component import Component

from paddlex_restful.datasets.pictures import Labels
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, datasets, demos, projects, tasks
from paddlex_restful.services.listing import Selection
from paddlex_restful.web.images import address
from paddlex_restful.web.page import Page
from paddlex_restful.web.parts import cards, figures, frames, statuses
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_SHOWN = 8
"""So many of the newest projects and datasets are shown."""

_NEWEST = Selection(limit=_SHOWN, sort="-id")


def layout(services: Services) -> Component:
    """Make the page."""
    found_projects = projects.list_all(services, _NEWEST)
    found_datasets = datasets.list_all(services, _NEWEST)
    if not found_projects.items and not found_datasets.items:
        return _invitation()
    return dmc.Stack(
        [
            frames.heading(_("Home")),
            _section(
                _("Projects"),
                "/projects",
                found_projects.total,
                [_project(services, entry["attr"]) for entry in found_projects.items],
                _("No projects yet"),
                _("A project holds the trainings on one dataset."),
            ),
            _section(
                _("Datasets"),
                "/datasets",
                found_datasets.total,
                [_dataset(services, entry["attr"]) for entry in found_datasets.items],
                _("No datasets yet"),
                _("A dataset holds your images and their labels."),
            ),
        ],
        gap="xl",
    )


def _section(title: str, href: str, total: int, entries: list[Component], missing: str, hint: str) -> Component:
    more = dmc.Anchor(_("All {count}").format(count=total), href=href, refresh=False, size="sm")
    top = dmc.Group([dmc.Title(title, order=2, size="h4"), more], justify="space-between", mb="sm")
    return dmc.Box([top, cards.grid(entries) if entries else frames.nothing(missing, hint=hint)])


def _project(services: Services, attributes: dict[str, Any]) -> Component:
    pid, did = attributes["id"], attributes["did"]
    newest = tasks.list_all(services, pid, Selection(limit=1, sort="-id")).items
    best = projects.best_figure(services, pid)
    foot = [
        statuses.task_status(newest[0]["status"]) if newest else dmc.Text(_("No tasks yet"), size="xs", c="dimmed"),
        *([_best(best)] if best else []),
    ]
    return cards.card(
        f"/projects/{pid}",
        attributes["name"],
        statuses.type_words(attributes["type"]),
        picture=_picture(services, did) if did else None,
        symbol="folder",
        foot=foot,
    )


def _best(best: projects.Figure) -> Component:
    return dmc.Text(figures.named_share(best.metric, best.value), size="sm", fw=600, className="figure")


def _dataset(services: Services, attributes: dict[str, Any]) -> Component:
    did = attributes["id"]
    return cards.card(
        f"/datasets/{did}",
        attributes["name"],
        statuses.type_words(attributes["type"]),
        picture=_picture(services, did),
        symbol="images",
        foot=[statuses.dataset_status(attributes["dataset_status"])],
    )


def _picture(services: Services, did: str) -> str | None:
    return address(did, labels=Labels.NONE) if datasets.has_images(services, services.workspace.dataset(did)) else None


def _invitation() -> Component:
    steps = (
        ("images", _("Bring your images"), _("A folder or an archive of them; they are checked and split for you.")),
        ("chart", _("Train and look"), _("Choose small, balanced or accurate, and see what the net gets wrong.")),
        ("box", _("Take the model"), _("Export it for servers, phones or ONNX, and download it.")),
    )
    shown = [
        dmc.Stack(
            [
                dmc.ThemeIcon(icon(symbol), size="xl", variant="light"),
                dmc.Text(title, fw=600),
                dmc.Text(text, size="sm", c="dimmed", ta="center"),
            ],
            align="center",
            gap="xs",
        )
        for symbol, title, text in steps
    ]
    return dmc.Stack(
        [
            dmc.Title(_("Train a vision model with your own images"), order=1, ta="center"),
            dmc.SimpleGrid(shown, cols={"base": 1, "sm": 3}, spacing="xl", my="lg"),
            dmc.Group(
                [
                    dmc.Button(_("Load the digits demo"), id="home-demo", size="md", leftSection=icon("download")),
                    dcc.Link(
                        dmc.Button(_("Bring my own images"), size="md", variant="default", tabIndex=-1),
                        href="/datasets",
                    ),
                ],
                justify="center",
            ),
            dmc.Text(
                _("The demo makes a dataset of 1,797 handwritten digits and a project, ready to be trained."),
                size="sm",
                c="dimmed",
                ta="center",
            ),
        ],
        maw=900,
        mx="auto",
        mt={"base": "md", "sm": 64},
    )


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("address", "href", allow_duplicate=True),
        Input("home-demo", "n_clicks"),
        running=[(Output("home-demo", "loading"), True, False)],
        prevent_initial_call=True,
    )
    def load(clicks: int | None) -> str:
        clicks_only(clicks)
        _did, pid = demos.load(services, "classification")
        return f"/projects/{pid}"


PAGE = Page(addresses=("/",), title=lambda: _("Home"), layout=layout, register=register, section="home")
