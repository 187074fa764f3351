"""Tasks of a project beside each other: their curves, their figures, the parameters in which they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.params.schema import PARAMS_MODELS
from paddlex_restful.services import Services, curves, summaries, tasks, training, zoo
from paddlex_restful.services.curves import Curves
from paddlex_restful.services.listing import Selection
from paddlex_restful.services.summaries import Summary
from paddlex_restful.services.training import Standing
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.task.evaluate.measured import measured
from paddlex_restful.web.parts import charts, figures, frames, parameters, query, statuses
from paddlex_restful.web.parts import curves as drawing

MOST = 8
"""So many tasks at once, at most: more lines than that nobody tells apart."""

_MOST_OFFERED = 500
_MOST_POINTS = 400
_TITLES, _VALUES = 120, 130
"""Pixels that the columns have at least."""


@dataclass(frozen=True)
class _Task:
    """What is compared."""

    summary: Summary
    standing: Standing
    curves: Curves
    params: dict[str, Any]
    evaluated: dict[str, float | None]

    @property
    def name(self) -> str:
        return f"{self.summary.tid} {self.summary.desc}".strip()


def layout(services: Services, pid: str) -> Component:
    """Make the page."""
    project = services.workspace.project(pid)
    above = [(_("Projects"), "/projects"), (project.name, f"/projects/{pid}")]
    choice = dmc.MultiSelect(
        id="compare-tasks",
        data=_offered(services, pid),
        value=[],
        label=_("Tasks"),
        description=_("Up to {count} of this project.").format(count=MOST),
        maxValues=MOST,
        searchable=True,
        hidePickedOptions=True,
        nothingFoundMessage=_("No such task"),
    )
    return html.Div(
        [
            frames.heading(_("Compare"), crumbs=above),
            dcc.Store(id="compare-pid", data=pid),
            dmc.Stack([frames.panel(choice), html.Div(id="compare-content")]),
        ]
    )


def _offered(services: Services, pid: str) -> list[dict[str, str]]:
    found, _total = summaries.of_project(services, pid, Selection(limit=_MOST_OFFERED, sort="-id"))
    return [{"value": task.tid, "label": " · ".join(filter(None, (task.tid, task.desc, task.model)))} for task in found]


def _asked(services: Services, pid: str, search: str | None) -> list[str]:
    """The tasks of a project that an address names."""
    named = query.read(search).get("tasks", "").split(",")
    there = {task.id for task in services.workspace.tasks_of(pid)}
    return [tid for tid in dict.fromkeys(named) if tid in there][:MOST]


def _content(services: Services, pid: str, tids: Sequence[str]) -> Component:
    if len(tids) < 2:
        return frames.nothing(_("Choose two tasks or more"), hint=_("Their curves and figures will stand here."))
    project_type = services.workspace.project(pid).type
    compared = [_looked_up(services, tid) for tid in tids]
    graphs = [
        frames.panel(charts.chart(f"compare-{chart}", _chart(chart, compared)), title=title)
        for chart, title in (("metric", drawing.titles()["metric"]), ("loss", drawing.titles()["loss"]))
    ]
    return dmc.Stack(
        [
            dmc.SimpleGrid(graphs, cols={"base": 1, "lg": 2}),
            frames.panel(_figures(services, project_type, compared), title=_("Figures")),
            frames.panel(_differences(project_type, compared), title=_("Parameters that differ")),
        ]
    )


def _looked_up(services: Services, tid: str) -> _Task:
    task = services.workspace.task(tid)
    evaluated = measured(services, tid)
    return _Task(
        summary=summaries.of_task(services, task),
        standing=training.standing(services, tid),
        curves=curves.read(services, tid),
        params=tasks.get_params(services, tid) if task.configured else {},
        evaluated={name: value for name, value, _meaning in evaluated.figures()} if evaluated is not None else {},
    )


def _chart(chart: str, compared: Sequence[_Task]) -> go.Figure:
    figure = go.Figure()
    for task in compared:
        line = ("eval", task.summary.metric or "") if chart == "metric" else ("train", "loss")
        xs, ys = drawing.coordinates(task.curves, line, _MOST_POINTS)
        mode = "lines+markers" if chart == "metric" else "lines"
        figure.add_scatter(x=xs, y=ys, name=charts.plain(task.name), mode=mode, showlegend=True)
    return drawing.framed(chart, figure)


def _table(compared: Sequence[_Task], rows: Sequence[tuple[Any, Sequence[Any]]]) -> Component:
    links = [
        dmc.Anchor(task.name, href=f"/tasks/{task.summary.tid}", refresh=False, size="sm", fw=600) for task in compared
    ]
    head = dmc.TableThead(dmc.TableTr([dmc.TableTh(), *(dmc.TableTh(link, miw=_VALUES) for link in links)]))
    body = dmc.TableTbody(
        [
            dmc.TableTr(
                [
                    dmc.TableTh(title, fw=500, w=_TITLES, miw=_TITLES),
                    *(dmc.TableTd(value, className="anywhere") for value in values),
                ]
            )
            for title, values in rows
        ]
    )
    table = dmc.Table([head, body], highlightOnHover=True, tabularNums=True)
    return dmc.TableScrollContainer(table, minWidth=_TITLES + _VALUES * len(compared))


def _figures(services: Services, project_type: str, compared: Sequence[_Task]) -> Component:
    sizes = {net.key: net.variant for net in zoo.nets(project_type)}

    def size(task: _Task) -> str:
        pruned = task.standing.progress.get("pruning")
        if pruned:
            return figures.number(pruned["parameters"]["after"] / 1e6)
        variant = sizes.get(task.summary.model)
        return figures.number(variant["parameters"]) if variant else "–"

    def best(task: _Task) -> str:
        epoch = task.standing.progress.get("best_epoch")
        told = figures.share(task.summary.best)
        return told if epoch is None else _("{figure} (epoch {epoch})").format(figure=told, epoch=epoch)

    def each(tell: Callable[[_Task], Any]) -> list[Any]:
        return [tell(task) for task in compared]

    metric = next((task.summary.metric for task in compared if task.summary.metric), None)
    rows: list[tuple[Any, Sequence[Any]]] = [
        (_("Status"), each(lambda task: statuses.task_status(task.summary.status))),
        (_("Model"), each(lambda task: task.summary.model or "–")),
        (_("Best: {figure}").format(figure=figures.metric_name(metric)) if metric else _("Best figure"), each(best)),
        *(
            (
                _("{figure} (evaluation)").format(figure=name),
                [figures.share(task.evaluated.get(name)) for task in compared],
            )
            for name in dict.fromkeys(name for task in compared for name in task.evaluated)
        ),
        (_("Parameters, M"), each(size)),
        (_("Epochs"), each(lambda task: f"{task.summary.epochs[0]} / {task.summary.epochs[1]}")),
        (_("Time taken"), each(lambda task: figures.duration(task.standing.seconds))),
        (
            _("Images a second"),
            each(lambda task: figures.number(task.standing.progress.get("images_per_second"))),
        ),
    ]
    return _table(compared, rows)


def _differences(project_type: str, compared: Sequence[_Task]) -> Component:
    schema = PARAMS_MODELS[project_type].model_fields
    rows: list[tuple[Any, Sequence[Any]]] = []
    for name in sorted({name for task in compared for name in task.params} - {"resume_checkpoint"}):
        values = [parameters.shown(task.params[name]) if name in task.params else "–" for task in compared]
        if len(set(values)) > 1:
            field = schema.get(name)
            title = _(field.title) if field is not None and field.title else name
            rows.append((title, values))
    if not rows:
        return dmc.Text(_("None: they were trained alike."), size="sm", c="dimmed")
    return _table(compared, rows)


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("compare-content", "children"),
        Output("compare-tasks", "value"),
        Input("address", "search"),
        State("compare-pid", "data"),
        State("compare-tasks", "value"),
    )
    def show(search: str | None, pid: str, chosen: list[str]) -> tuple[Component, Any]:
        tids = _asked(services, pid, search)
        return _content(services, pid, tids), no_update if tids == chosen else tids

    @site.callback(
        Output("address", "search", allow_duplicate=True),
        Input("compare-tasks", "value"),
        State("compare-pid", "data"),
        State("address", "search"),
        prevent_initial_call=True,
    )
    def choose(chosen: list[str], pid: str, search: str | None) -> Any:
        return no_update if chosen == _asked(services, pid, search) else f"?tasks={','.join(chosen)}"


PAGE = Page(
    addresses=("/projects/<pid>/compare",),
    title=lambda: _("Compare"),
    layout=layout,
    register=register,
    section="projects",
)
