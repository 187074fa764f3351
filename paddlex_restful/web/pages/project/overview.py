"""One project: its dataset and its tasks."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, projects, summaries
from paddlex_restful.services.listing import Selection
from paddlex_restful.services.summaries import Summary
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.project import binding
from paddlex_restful.web.parts import confirming, figures, frames, links, lists, looking, notices, query, statuses
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_PAGE = 20
_SECONDS = 3

_Shown = list[Any]

_WIDTHS = {1: 120, 4: 120}
"""Pixels that columns have at least, of names and figures that could be broken."""


def layout(services: Services, pid: str) -> Component:
    """Make the page."""
    project = services.workspace.project(pid)
    total = len(services.workspace.tasks_of(pid))
    new = links.button(_("New task"), f"/projects/{pid}/new", leftSection=icon("plus"))
    compare = dmc.Button(
        _("Compare"), id="project-compare", leftSection=icon("chart"), variant="default", disabled=True
    )
    kind = dmc.Badge(statuses.type_words(project.type), variant="default", radius="sm", tt="none")
    described = [dmc.Text(project.desc, c="dimmed", mb="md", className="anywhere")] if project.desc else []
    return html.Div(
        [
            frames.heading(
                project.name,
                crumbs=[(_("Projects"), "/projects")],
                beside=[kind],
                actions=[compare, new] if total else [new],
            ),
            *described,
            dcc.Store(id="project-pid", data=pid),
            dcc.Store(id="project-shown"),
            dcc.Location(id="project-here", refresh=False),
            looking.looking("project", _SECONDS),
            dmc.Stack(
                [
                    _dataset_panel(services, pid),
                    frames.panel(
                        dmc.CheckboxGroup(html.Div(id="project-tasks"), id="project-chosen", value=[]),
                        lists.turning("project-page", mt="md", **{"aria-label": _("Pages of tasks")}),
                        title=_("Tasks"),
                    ),
                    dmc.Group([_deleting(total)], justify="flex-end"),
                ]
            ),
        ]
    )


def _dataset_panel(services: Services, pid: str) -> Component:
    project = services.workspace.project(pid)
    field = binding.choice(
        services, "project-did", project.type, project.did, maw=420, **{"aria-label": _("Dataset of the project")}
    )
    return frames.panel(
        field,
        html.Div(id="project-did-problem", className="below"),
        title=_("Dataset"),
        aside=html.Div(_dataset_link(services, project.did), id="project-did-link"),
    )


def _dataset_link(services: Services, did: str) -> Component | None:
    if not did:
        return dmc.Text(_("A training needs one."), size="sm", c="dimmed")
    return dmc.Anchor(_("Look at it"), href=f"/datasets/{did}", refresh=False, size="sm")


def _deleting(total: int) -> Component:
    button = dmc.Button(
        _("Delete the project"), id="project-delete-ask", color="red", variant="subtle", leftSection=icon("trash")
    )
    what = _("The project goes, with its {count} tasks and all that they have learned; its dataset stays.")
    return confirming.confirming(
        "project-delete", button, _("Delete the project?"), what.format(count=total), _("Delete")
    )


def _tasks(services: Services, pid: str, page: int) -> tuple[list[Summary], int]:
    return summaries.of_project(services, pid, Selection(offset=(page - 1) * _PAGE, limit=_PAGE, sort="-id"))


def _shown(found: list[Summary]) -> _Shown:
    """What the table shows, as a store keeps it."""
    return [[task.tid, task.desc, int(task.status), task.best, *task.epochs] for task in found]


def _table(found: list[Summary]) -> Component:
    if not found:
        return frames.nothing(_("No tasks yet"), hint=_("A task is one training: a model with its parameters."))
    names = (_("Compare"), _("Task"), _("Model"), _("Status"), _("Best figure"), _("Epochs"), _("Created"))
    head = dmc.TableThead(dmc.TableTr([dmc.TableTh(name) for name in names]))
    table = dmc.Table(
        [head, dmc.TableTbody([_row(task) for task in found])], highlightOnHover=True, verticalSpacing="sm"
    )
    return dmc.TableScrollContainer(table, minWidth=760)


def _row(task: Summary) -> Component:
    name = dmc.Anchor(
        task.desc or task.tid, href=f"/tasks/{task.tid}", refresh=False, fw=600, size="sm", className="anywhere"
    )
    cells: tuple[Any, ...] = (
        dmc.Checkbox(value=task.tid, **{"aria-label": _("Compare {task}").format(task=task.tid)}),
        dmc.Stack([name, *([dmc.Text(task.tid, size="xs", c="dimmed")] if task.desc else [])], gap=0),
        task.model or "–",
        statuses.task_status(task.status),
        "–" if task.metric is None else figures.named_share(task.metric, task.best),
        _("{done} of {all}").format(done=task.epochs[0], all=task.epochs[1]) if task.epochs[1] else "–",
        task.created,
    )
    return dmc.TableTr([dmc.TableTd(cell, miw=_WIDTHS.get(column)) for column, cell in enumerate(cells)])


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    looking.register(site, "project")
    confirming.register(site, "project-delete")

    @site.callback(
        Output("project-tasks", "children"),
        Output("project-shown", "data"),
        Output("project-page", "total"),
        Output("project-page", "value"),
        Output("project-here", "search"),
        Input("project-look", "data"),
        Input("project-here", "search"),
        Input("project-page", "value"),
        State("project-pid", "data"),
        State("project-shown", "data"),
    )
    def look(_count: int, search: str | None, page: int, pid: str, shown: _Shown | None) -> tuple[Any, ...]:
        # By what differs from what is shown, not by what called: a look by the clock drops the one that is under way.
        if shown is None or page == shown[0]:
            page = query.page_of(query.read(search).get("page"))
        found, total = _tasks(services, pid, page)
        now = [page, total, _shown(found)]
        if now == shown:
            return (no_update,) * 5
        address = query.write({}, page)
        return _table(found), now, lists.page_count(total, _PAGE), page, address

    @site.callback(Output("project-compare", "disabled"), Input("project-chosen", "value"), prevent_initial_call=True)
    def offer(chosen: list[str]) -> bool:
        return len(chosen) < 2

    @site.callback(
        Output("address", "href", allow_duplicate=True),
        Input("project-compare", "n_clicks"),
        State("project-pid", "data"),
        State("project-chosen", "value"),
        prevent_initial_call=True,
    )
    def compare(clicks: int | None, pid: str, chosen: list[str]) -> str:
        clicks_only(clicks)
        return f"/projects/{pid}/compare?tasks={','.join(sorted(chosen))}"

    @site.callback(
        Output("project-did-link", "children"),
        Output("project-did-problem", "children"),
        Output("project-did", "value"),
        Input("project-did", "value"),
        State("project-pid", "data"),
        prevent_initial_call=True,
    )
    def bind(did: str | None, pid: str) -> tuple[Any, Any, Any]:
        bound = services.workspace.project(pid).did
        if (did or "") == bound:
            return no_update, no_update, no_update
        try:
            projects.change(services, pid, {"did": did or ""})
        except UserError as error:
            return no_update, notices.problem(notices.words(error)), bound or None
        return _dataset_link(services, did or ""), None, no_update

    @site.callback(
        Output("address", "href", allow_duplicate=True),
        Input("project-delete-yes", "n_clicks"),
        State("project-pid", "data"),
        running=[(Output("project-delete-ask", "loading"), True, False)],
        prevent_initial_call=True,
    )
    def delete(clicks: int | None, pid: str) -> str:
        clicks_only(clicks)
        projects.delete(services, pid)
        return "/projects"


PAGE = Page(
    addresses=("/projects/<pid>",),
    title=lambda: _("Project"),
    layout=layout,
    register=register,
    section="projects",
)
