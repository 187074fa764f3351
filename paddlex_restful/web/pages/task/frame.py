"""What surrounds the tabs of a task: where it belongs, how it stands, and the way to the other tabs."""

from __future__ import annotations

from collections.abc import Callable

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services, tasks
from paddlex_restful.web.parts import frames, statuses

TABS: dict[str, Callable[[], str]] = {
    "": lambda: _("Training"),
    "evaluate": lambda: _("Evaluation"),
    "predict": lambda: _("Prediction"),
    "prune": lambda: _("Pruning"),
    "export": lambda: _("Export"),
}
"""The tabs by the ends of their addresses."""

_SECONDS = 2
"""Between looks at the status."""


def framed(services: Services, tid: str, tab: str, content: Component) -> Component:
    """A tab of a task.

    Args:
        services: what the page works on.
        tid: id of the task.
        tab: a key of ``TABS``.
        content: the tab.

    Raises:
        UserError: there is no such task.
    """
    task = services.workspace.task(tid)
    project = services.workspace.project(task.pid)
    above = [(_("Projects"), "/projects"), (project.name, f"/projects/{project.id}"), (tid, f"/tasks/{tid}")]
    links = [
        dmc.Anchor(
            words(),
            href=f"/tasks/{tid}/{end}".rstrip("/"),
            refresh=False,
            underline="never",
            className="tab tab-here" if end == tab else "tab",
            **({"aria-current": "page"} if end == tab else {}),
        )
        for end, words in TABS.items()
    ]
    return html.Div(
        [
            frames.heading(
                task.desc or tid,
                crumbs=above,
                beside=[html.Div(_status(services, tid), id="task-status")],
            ),
            html.Nav(links, className="tabs", **{"aria-label": _("Task")}),
            dcc.Store(id="task-tid", data=tid),
            dcc.Interval(id="task-tick", interval=_SECONDS * 1000),
            content,
        ]
    )


def _status(services: Services, tid: str) -> Component:
    found = tasks.get(services, tid)
    return dmc.Tooltip(
        statuses.task_status(found["task_status"]), label=sentence(found["message"]), multiline=True, w=320
    )


def register(site: Dash, services: Services) -> None:
    """Declare what keeps the status current."""

    @site.callback(
        Output("task-status", "children"),
        Input("task-tick", "n_intervals"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def look(_count: int, tid: str) -> Component:
        return _status(services, tid)
