"""The training of a task: how it stands, its curves, its log, its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.params import fields as forms
from paddlex_restful.params.schema import PARAMS_MODELS
from paddlex_restful.services import Services, curves, files, tasks, training
from paddlex_restful.services.training import Standing
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.task import standing as standings
from paddlex_restful.web.pages.task.frame import framed
from paddlex_restful.web.parts import charts, confirming, frames, lists, looking, parameters
from paddlex_restful.web.parts import curves as drawing
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.confirming import confirming as asking
from paddlex_restful.web.parts.icons import icon

_SECONDS = 1
"""Between looks at a training that runs."""

_LOG_LINES = 200

Seen = dict[str, Any]
"""What the page shows, so that only what is new is sent."""


def layout(services: Services, tid: str) -> Component:
    """Make the page."""
    standing = training.standing(services, tid)
    found = curves.read(services, tid)
    lines = drawing.lines_of(found)
    graphs = [
        frames.panel(
            charts.chart(f"training-{chart}", drawing.drawn(chart, found, lines[chart])),
            title=title,
            **{"aria-label": title},
        )
        for chart, title in drawing.titles().items()
    ]
    content = html.Div(
        [
            dcc.Store(id="training-seen", data=_seen(standing, found, lines)),
            dcc.Store(id="training-acted"),
            looking.looking("training", _SECONDS, disabled=not standing.active),
            dmc.Stack(
                [
                    frames.panel(
                        html.Div(standings.panel(standing), id="training-state"),
                        html.Div(
                            standings.controls(services, tid, standing), id="training-controls", className="below"
                        ),
                    ),
                    html.Div(
                        dmc.SimpleGrid(graphs, cols={"base": 1, "lg": 3}),
                        id="training-curves",
                        className=_curves_class(found),
                    ),
                    _log_panel(services, tid),
                    _parameters(services, tid),
                    dmc.Group([_visualdl(), _deleting()], justify="space-between", align="flex-start"),
                ]
            ),
        ]
    )
    return framed(services, tid, "", content)


def _seen(standing: Standing, found: curves.Curves, lines: Mapping[str, Sequence[drawing.Line]]) -> Seen:
    return {
        "job": found.job,
        "offset": found.offset,
        "lines": lines,
        "points": len(found.train),
        "state": _told(standing),
        "controls": _possible(standing),
        "log": None,
    }


def _told(standing: Standing) -> list[Any]:
    """What the panel of the state depends on."""
    message = standing.job.message if standing.job is not None else ""
    return [standing.stage, message, standing.seconds, dict(standing.progress)]


def _possible(standing: Standing) -> list[Any]:
    """What the buttons depend on."""
    return [standing.job.state if standing.job is not None else None, list(standing.saved)]


def _curves_class(found: curves.Curves) -> str:
    return "" if found.train or found.evaluations else "gone"


def _log_panel(services: Services, tid: str) -> Component:
    search = lists.search("training-log-search", _("Search in the log"), _("Search"), size="xs")
    log = html.Div(
        _log(services, tid, ""),
        id="training-log",
        className="log log-from-end",
        tabIndex="0",
        **{"aria-label": _("Log")},
    )
    return frames.panel(log, title=_("Log"), aside=search)


def _log(services: Services, tid: str, search: str) -> Component:
    log = training.log_file(services, tid)
    if not log.is_file():
        return dmc.Text(_("There is no log yet."), size="sm", c="dimmed")
    wanted = search.strip().lower()
    found = [line for line in files.log_lines(log) if wanted in line.lower()][-_LOG_LINES:]
    if not found:
        return dmc.Text(_("No such lines."), size="sm", c="dimmed")
    return html.Div([html.Div(line[: files.TAIL_LENGTH] or " ") for line in found])


def _parameters(services: Services, tid: str) -> Component:
    task = services.workspace.task(tid)
    if not task.configured:
        return frames.panel(
            frames.nothing(_("This task has no parameters"), hint=_("Make a new task in its project.")),
            title=_("Parameters"),
        )
    project = services.workspace.project(task.pid)
    params = tasks.get_params(services, tid)
    # That is where it went on, not what it was told.
    del params["resume_checkpoint"]
    known = tasks.recommended_params(services, project.id, params["model"], tasks.gpus_of(params))
    defaults = forms.defaults(project.type, known)
    rows = [_parameter(project.type, name, value, defaults.get(name)) for name, value in sorted(params.items())]
    changed = sum(_differs(value, defaults.get(name)) for name, value in params.items())
    table = dmc.Table(
        [
            dmc.TableThead(dmc.TableTr([dmc.TableTh(name) for name in (_("Parameter"), _("Value"), _("Default"))])),
            dmc.TableTbody(rows),
        ],
        verticalSpacing=4,
    )
    title = _("Parameters, {count} of them differ from the defaults").format(count=changed)
    item = dmc.AccordionItem(
        [dmc.AccordionControl(title), dmc.AccordionPanel(dmc.TableScrollContainer(table, minWidth=480))],
        value="parameters",
    )
    return dmc.Accordion(item, variant="contained")


def _differs(value: Any, default: Any) -> bool:
    return parameters.shown(value) != parameters.shown(default)


def _parameter(project_type: str, name: str, value: Any, default: Any) -> Component:
    field = PARAMS_MODELS[project_type].model_fields.get(name)
    title = [dmc.Text(_(field.title), size="sm")] if field is not None and field.title else []
    differs = _differs(value, default)
    called = dmc.Stack([*title, dmc.Text(name, size="xs", c="dimmed")], gap=0)
    mark = [dmc.Badge(_("changed"), variant="light", size="sm", radius="sm", tt="none")] if differs else []
    shown = dmc.Group([dmc.Text(parameters.shown(value), size="sm", fw=600 if differs else 400), *mark], gap="xs")
    cells: list[Any] = [called, shown, dmc.Text(parameters.shown(default), size="sm", c="dimmed")]
    return dmc.TableTr([dmc.TableTd(cell, className="anywhere") for cell in cells])


def _visualdl() -> Component:
    button = dmc.Button(
        _("Open VisualDL"), id="training-visualdl", leftSection=icon("chart"), variant="default", size="sm"
    )
    link = html.Div(id="training-visualdl-link", **{"aria-live": "polite"})
    return dmc.Group([button, link, dcc.Store(id="training-visualdl-page")])


def _deleting() -> Component:
    button = dmc.Button(
        _("Delete the task"), id="training-delete-ask", color="red", variant="subtle", leftSection=icon("trash")
    )
    what = _("The task goes, with its models, curves, evaluation and predictions.")
    return asking("training-delete", button, _("Delete the task?"), what, _("Delete"))


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    looking.register(site, "training")
    confirming.register(site, "training-anew")
    confirming.register(site, "training-delete")

    @site.callback(
        output={
            "state": Output("training-state", "children"),
            "controls": Output("training-controls", "children"),
            "ended": Output("training-tick", "disabled"),
            "figures": {chart: Output(f"training-{chart}", "figure") for chart in drawing.CHARTS},
            "points": {chart: Output(f"training-{chart}", "extendData") for chart in drawing.CHARTS},
            "curves": Output("training-curves", "className"),
            "log": Output("training-log", "children"),
            "seen": Output("training-seen", "data"),
        },
        inputs={
            "_count": Input("training-look", "data"),
            "_acted": Input("training-acted", "data"),
            "search": Input("training-log-search", "value"),
        },
        state={"tid": State("task-tid", "data"), "seen": State("training-seen", "data")},
        prevent_initial_call=True,
    )
    def look(_count: int, _acted: int, search: str, tid: str, seen: Seen) -> dict[str, Any]:
        standing = training.standing(services, tid)
        answer = {**_unchanged(), "ended": not standing.active}
        if (told := _told(standing)) != seen["state"]:
            answer["state"] = standings.panel(standing)
        if (possible := _possible(standing)) != seen["controls"]:
            answer["controls"] = standings.controls(services, tid, standing)
        if (log := _log_version(services, tid, search)) != seen["log"]:
            answer["log"] = _log(services, tid, search)
        progressed = _draw(services, tid, seen, answer)
        now = {**seen, **progressed, "state": told, "controls": possible, "log": log}
        answer["seen"] = no_update if now == seen else now
        return answer

    # The first start asks nothing; one that replaces models comes from the question.
    for button in ("training-start", "training-anew-yes"):

        @site.callback(
            Output("training-acted", "data", allow_duplicate=True),
            Output("training-tick", "disabled", allow_duplicate=True),
            Input(button, "n_clicks"),
            State("task-tid", "data"),
            prevent_initial_call=True,
        )
        def start(clicks: int | None, tid: str) -> tuple[int, bool]:
            clicks_only(clicks)
            return training.start(services, tid).id, False

    @site.callback(
        Output("training-acted", "data", allow_duplicate=True),
        Output("training-tick", "disabled", allow_duplicate=True),
        Input("training-resume", "n_clicks"),
        State("training-epoch", "value"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def resume(clicks: int | None, epoch: str, tid: str) -> tuple[int, bool]:
        clicks_only(clicks)
        return training.resume(services, tid, int(epoch)).id, False

    @site.callback(
        Output("training-acted", "data", allow_duplicate=True),
        Input("training-stop", "n_clicks"),
        State("task-tid", "data"),
        running=[(Output("training-stop", "loading"), True, False)],
        prevent_initial_call=True,
    )
    def stop(clicks: int | None, tid: str) -> str:
        clicks_only(clicks)
        job = training.stop(services, tid)
        return f"{job.id} {job.state}"

    @site.callback(
        Output("training-visualdl-link", "children"),
        Output("training-visualdl-page", "data"),
        Input("training-visualdl", "n_clicks"),
        State("task-tid", "data"),
        running=[(Output("training-visualdl", "loading"), True, False)],
        prevent_initial_call=True,
    )
    def visualise(clicks: int | None, tid: str) -> tuple[Component, list[Any]]:
        clicks_only(clicks)
        address = f"http://{tasks.open_visualdl(services, tid)}"
        # With the click's number it is another value each time, also where the address is the same.
        return dmc.Anchor(address, href=address, target="_blank", size="sm"), [address, clicks]

    site.clientside_callback(
        ClientsideFunction("training", "openPage"), Input("training-visualdl-page", "data"), prevent_initial_call=True
    )

    @site.callback(
        Output("address", "href", allow_duplicate=True),
        Input("training-delete-yes", "n_clicks"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def delete(clicks: int | None, tid: str) -> str:
        clicks_only(clicks)
        pid = services.workspace.task(tid).pid
        tasks.delete(services, tid)
        return f"/projects/{pid}"


def _draw(services: Services, tid: str, seen: Seen, answer: dict[str, Any]) -> Seen:
    """Add what is new to the curves, or draw them anew; gives what is shown then."""
    new = curves.read(services, tid, seen["job"], seen["offset"])
    known = {chart: [tuple(line) for line in lines] for chart, lines in seen["lines"].items()}
    fresh = drawing.lines_of(new)
    unknown = any(line not in known[chart] for chart, lines in fresh.items() for line in lines)
    points = seen["points"] + len(new.train)
    if new.job != seen["job"] or unknown or points > 2 * drawing.MOST_POINTS:
        found = curves.read(services, tid)
        lines = drawing.lines_of(found)
        answer["figures"] = {chart: drawing.drawn(chart, found, lines[chart]) for chart in drawing.CHARTS}
        answer["curves"] = _curves_class(found)
        drawn = min(len(found.train), drawing.MOST_POINTS)
        return {"job": found.job, "offset": found.offset, "lines": lines, "points": drawn}
    for chart in drawing.CHARTS:
        answer["points"][chart] = drawing.added(new, known[chart]) or no_update
    return {"offset": new.offset, "points": points}


def _unchanged() -> dict[str, Any]:
    return {
        "state": no_update,
        "controls": no_update,
        "figures": dict.fromkeys(drawing.CHARTS, no_update),
        "points": dict.fromkeys(drawing.CHARTS, no_update),
        "curves": no_update,
        "log": no_update,
    }


def _log_version(services: Services, tid: str, search: str) -> list[Any]:
    log = training.log_file(services, tid)
    return [search, log.stat().st_mtime_ns if log.is_file() else None]


PAGE = Page(
    addresses=("/tasks/<tid>",), title=lambda: _("Training"), layout=layout, register=register, section="projects"
)
