"""All projects, and a new one."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, datasets, projects
from paddlex_restful.services.attributes import DESC_LENGTH, NAME_LENGTH
from paddlex_restful.services.listing import Listed, Selection
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.project import binding
from paddlex_restful.web.parts import figures, frames, lists, query, statuses
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_PAGE = 20


def layout(services: Services) -> Component:
    """Make the page."""
    new = dmc.Button(_("New project"), id="projects-new", leftSection=icon("plus"))
    return html.Div(
        [
            dcc.Location(id="projects-here", refresh=False),
            frames.heading(_("Projects"), actions=[new]),
            _creating(services),
            html.Div(id="projects-table"),
            lists.turning("projects-page", mt="md", **{"aria-label": _("Pages of projects")}),
        ]
    )


def _creating(services: Services) -> Component:
    first = statuses.types()[0]["value"]
    fields = [
        dmc.TextInput(
            id="projects-name",
            label=_("Name"),
            description=_("What you will know it by."),
            inputProps={"maxLength": NAME_LENGTH},
            **{"data-autofocus": True},
        ),
        dmc.Select(
            id="projects-type",
            label=_("Type"),
            description=_("What its models are to find in images."),
            data=statuses.types(),
            value=first,
            allowDeselect=False,
        ),
        dmc.Textarea(
            id="projects-desc",
            label=_("Description"),
            description=_("May be left empty."),
            autosize=True,
            maxRows=6,
            inputProps={"maxLength": DESC_LENGTH},
        ),
        binding.choice(
            services,
            "projects-did",
            first,
            "",
            label=_("Dataset"),
            description=_("What its models learn from; it can be bound later too."),
        ),
        dmc.Group([dmc.Button(_("Create"), id="projects-create")], justify="flex-end"),
    ]
    return dmc.Modal(dmc.Stack(fields), id="projects-creating", title=dmc.Text(_("New project"), fw=600), opened=False)


def _table(services: Services, listed: Listed) -> Component:
    if not listed.items:
        return frames.nothing(_("No projects yet"), hint=_("A project holds the trainings on one dataset."))
    names = (_("Name"), _("Type"), _("Dataset"), _("Tasks"), _("Best figure"), _("Created"))
    head = dmc.TableThead(dmc.TableTr([dmc.TableTh(name) for name in names]))
    rows = [_row(services, entry["attr"]) for entry in listed.items]
    table = dmc.Table([head, dmc.TableTbody(rows)], highlightOnHover=True, verticalSpacing="sm")
    return frames.panel(dmc.TableScrollContainer(table, minWidth=720))


def _row(services: Services, attributes: dict[str, Any]) -> Component:
    pid, did = attributes["id"], attributes["did"]
    best = projects.best_figure(services, pid)
    named = datasets.get(services, did)["attr"]["name"] if did else None
    cells: tuple[Any, ...] = (
        dmc.Anchor(attributes["name"], href=f"/projects/{pid}", refresh=False, fw=600, size="sm", className="anywhere"),
        statuses.type_words(attributes["type"]),
        dmc.Anchor(named, href=f"/datasets/{did}", refresh=False, size="sm", className="anywhere") if named else "–",
        len(services.workspace.tasks_of(pid)),
        figures.named_share(best.metric, best.value) if best else "–",
        attributes["create_time"],
    )
    return dmc.TableTr([dmc.TableTd(cell) for cell in cells])


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("projects-table", "children"),
        Output("projects-page", "total"),
        Output("projects-page", "value"),
        Output("projects-here", "search"),
        Input("projects-here", "search"),
        Input("projects-page", "value"),
    )
    def turn(search: str | None, page: int) -> tuple[Component, int, int, str]:
        if ctx.triggered_id != "projects-page":
            page = query.page_of(query.read(search).get("page"))
        listed = projects.list_all(services, Selection(offset=(page - 1) * _PAGE, limit=_PAGE, sort="-id"))
        address = query.write({}, page)
        return _table(services, listed), lists.page_count(listed.total, _PAGE), page, address

    @site.callback(Output("projects-creating", "opened"), Input("projects-new", "n_clicks"), prevent_initial_call=True)
    def ask(clicks: int | None) -> bool:
        clicks_only(clicks)
        return True

    @site.callback(
        Output("projects-did", "data"),
        Output("projects-did", "value"),
        Input("projects-type", "value"),
        prevent_initial_call=True,
    )
    def offer(project_type: str) -> tuple[list[dict[str, str]], None]:
        return binding.choices(services, project_type), None

    @site.callback(
        Output("address", "href", allow_duplicate=True),
        Output("projects-name", "error"),
        Input("projects-create", "n_clicks"),
        Input("projects-name", "n_submit"),
        State("projects-name", "value"),
        State("projects-desc", "value"),
        State("projects-type", "value"),
        State("projects-did", "value"),
        prevent_initial_call=True,
    )
    def create(
        clicks: int | None,
        submits: int | None,
        name: str | None,
        desc: str | None,
        project_type: str,
        did: str | None,
    ) -> tuple[Any, str | None]:
        clicks_only((clicks or 0) + (submits or 0))
        called = (name or "").strip()
        if not called:
            return no_update, _("Give the project a name.")
        pid = projects.create(services, called, (desc or "").strip(), project_type)
        if did:
            projects.change(services, pid, {"did": did})
        return f"/projects/{pid}", None


PAGE = Page(addresses=("/projects",), title=lambda: _("Projects"), layout=layout, register=register, section="projects")
