"""What surrounds the tabs of a dataset: its name and status, what it is for, and the way to the other tabs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.enums import DatasetStatus
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, attributes, datasets
from paddlex_restful.services.attributes import DESC_LENGTH, NAME_LENGTH
from paddlex_restful.web.parts import confirming, frames, links, looking, notices, statuses
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

TABS: dict[str, Callable[[], str]] = {
    "": lambda: _("Images"),
    "statistics": lambda: _("Statistics"),
    "split": lambda: _("Split"),
    "import": lambda: _("Import"),
}
"""The tabs by the ends of their addresses."""

_SECONDS = 3
"""Between looks at the status."""


def framed(services: Services, did: str, tab: str, content: Component) -> Component:
    """A tab of a dataset.

    Args:
        services: what the page works on.
        did: id of the dataset.
        tab: a key of ``TABS``.
        content: the tab.

    Raises:
        UserError: there is no such dataset.
    """
    status = datasets.state(services, services.workspace.dataset(did))
    return html.Div(
        [
            html.Div(_top(services, did, status), id="dataset-top"),
            frames.tabs(f"/datasets/{did}", TABS, tab, _("Dataset")),
            dcc.Store(id="dataset-did", data=did),
            dcc.Store(id="dataset-status-shown", data=status),
            looking.looking("dataset", _SECONDS),
            content,
        ]
    )


def _top(services: Services, did: str, status: DatasetStatus) -> list[Component]:
    dataset = services.workspace.dataset(did)
    return [
        frames.heading(
            dataset.name,
            crumbs=[(_("Datasets"), "/datasets"), (did, f"/datasets/{did}")],
            beside=[html.Div(statuses.dataset_status(status), id="dataset-status")],
            actions=[_renaming(dataset.name, dataset.desc), _deleting(dataset.name)],
        ),
        _about(services, did),
    ]


def without_images(services: Services, did: str) -> Component | None:
    """What stands in a tab of a dataset that holds no images; None where it holds some."""
    if datasets.has_images(services, services.workspace.dataset(did)):
        return None
    href = f"/datasets/{did}/import"
    if services.jobs.active(did):
        text, word = _("The images are being imported"), _("Show how far it is")
    elif services.jobs.latest(did, "import") is not None:
        text, word = _("The images were not imported"), _("Show why")
    else:
        text, word = _("No images yet"), _("Add images")
    return frames.nothing(text, links.button(word, href, leftSection=icon("upload")))


def _about(services: Services, did: str) -> Component:
    dataset = services.workspace.dataset(did)
    images = datasets.image_count(services, did)
    parts: list[Any] = [statuses.type_words(dataset.type)]
    if images:
        parts.append(_("{count} images").format(count=f"{images:,}"))
    projects = [
        dmc.Anchor(project.name, href=f"/projects/{project.id}", refresh=False, size="sm", className="anywhere")
        for project in services.workspace.projects_of(did)
    ]
    lines: list[Component] = [
        dmc.Group(
            [
                dmc.Text(" · ".join(parts), size="sm", c="dimmed"),
                *([dmc.Text(_("used by"), size="sm", c="dimmed"), *projects] if projects else []),
            ],
            gap=6,
        )
    ]
    if dataset.desc:
        lines.append(dmc.Text(dataset.desc, size="sm", className="anywhere", lineClamp=3))
    return dmc.Stack(lines, gap=4, mb="md", mt="-xs")


def _renaming(name: str, desc: str) -> Component:
    form = dmc.Stack(
        [
            dmc.TextInput(id="dataset-name", label=_("Name"), value=name, inputProps={"maxLength": NAME_LENGTH}),
            dmc.Textarea(
                id="dataset-desc",
                label=_("Description"),
                value=desc,
                autosize=True,
                minRows=3,
                inputProps={"maxLength": DESC_LENGTH},
            ),
            html.Div(id="dataset-rename-problem"),
            dmc.Group([dmc.Button(_("Save"), id="dataset-rename-save")], justify="flex-end"),
        ]
    )
    button = dmc.Button(_("Rename"), id="dataset-rename-ask", variant="default", size="xs", leftSection=icon("pencil"))
    title = dmc.Text(_("Name and description"), fw=600)
    return dmc.Box([button, dmc.Modal(form, id="dataset-rename", title=title, opened=False, centered=True)])


def _deleting(name: str) -> Component:
    return confirming.confirming(
        "dataset-delete",
        dmc.Button(
            _("Delete"), id="dataset-delete-ask", variant="default", size="xs", leftSection=icon("trash"), c="red"
        ),
        _("Delete this dataset?"),
        _(
            "{name} with its images and labels in the workspace will be gone. Where they came from nothing changes."
        ).format(name=name),
        _("Delete"),
    )


def register(site: Dash, services: Services) -> None:
    """Declare what keeps the status current, renames and deletes."""
    confirming.register(site, "dataset-delete")
    looking.register(site, "dataset")

    @site.callback(
        Output("dataset-status", "children"),
        Output("dataset-status-shown", "data"),
        Input("dataset-look", "data"),
        State("dataset-did", "data"),
        State("dataset-status-shown", "data"),
        prevent_initial_call=True,
    )
    def look(_count: int, did: str, shown: int) -> tuple[Any, Any]:
        status = datasets.state(services, services.workspace.dataset(did))
        return (no_update, no_update) if status == shown else (statuses.dataset_status(status), status)

    @site.callback(
        Output("address", "href", allow_duplicate=True),
        Input("dataset-delete-yes", "n_clicks"),
        State("dataset-did", "data"),
        prevent_initial_call=True,
    )
    def delete(clicks: int | None, did: str) -> str:
        clicks_only(clicks)
        datasets.delete(services, did)
        return "/datasets"

    @site.callback(
        Output("dataset-rename", "opened"),
        Input("dataset-rename-ask", "n_clicks"),
        prevent_initial_call=True,
    )
    def ask(clicks: int | None) -> bool:
        clicks_only(clicks)
        return True

    @site.callback(
        Output("dataset-rename-problem", "children"),
        Output("dataset-top", "children"),
        Input("dataset-rename-save", "n_clicks"),
        State("dataset-name", "value"),
        State("dataset-desc", "value"),
        State("dataset-did", "data"),
        prevent_initial_call=True,
    )
    def rename(clicks: int | None, name: str, desc: str, did: str) -> tuple[Any, Any]:
        clicks_only(clicks)
        try:
            attributes.change(services, "dataset", did, {"name": name.strip(), "desc": desc})
        except UserError as error:
            return notices.problem(notices.words(error)), no_update
        return None, _top(services, did, datasets.state(services, services.workspace.dataset(did)))
