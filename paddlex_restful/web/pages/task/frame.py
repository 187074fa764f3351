"""What surrounds the tabs of a task: where it belongs, how it stands, and the way to the other tabs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services, tasks
from paddlex_restful.web.parts import frames, looking, statuses

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
    now = _now(services, tid)
    return html.Div(
        [
            frames.heading(
                task.desc or tid,
                crumbs=above,
                beside=[html.Div(_status(now), id="task-status")],
            ),
            frames.tabs(f"/tasks/{tid}", TABS, tab, _("Task")),
            dcc.Store(id="task-tid", data=tid),
            dcc.Store(id="task-status-shown", data=now),
            looking.looking("task", _SECONDS),
            content,
        ]
    )


def _now(services: Services, tid: str) -> list[Any]:
    found = tasks.get(services, tid)
    return [found["task_status"], found["message"]]


def _status(now: list[Any]) -> Component:
    status, message = now
    return dmc.Tooltip(statuses.task_status(status), label=sentence(message), multiline=True, w=320)


def register(site: Dash, services: Services) -> None:
    """Declare what keeps the status current."""
    looking.register(site, "task")

    @site.callback(
        Output("task-status", "children"),
        Output("task-status-shown", "data"),
        Input("task-look", "data"),
        State("task-tid", "data"),
        State("task-status-shown", "data"),
        prevent_initial_call=True,
    )
    def look(_count: int, tid: str, shown: list[Any]) -> tuple[Any, Any]:
        now = _now(services, tid)
        return (no_update, no_update) if now == shown else (_status(now), now)
