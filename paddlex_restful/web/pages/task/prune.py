"""The tab on which a model is made smaller: what each layer is worth, and how much is taken away."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, Patch, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.enums import PruneStatus
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services, pruning, status, tasks, training
from paddlex_restful.services.attributes import DESC_LENGTH
from paddlex_restful.services.pruning import Tradeoff
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.task import model
from paddlex_restful.web.pages.task.frame import framed
from paddlex_restful.web.parts import charts, figures, frames, links, notices, statuses, work
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_ACCEPTABLE = 0.05
"""The loss of the metric, allowed to each layer, for which the first proposal is made."""

_MOST_PROPOSED = 50
"""Percent of the FLOPs: where pruning seems to cost nothing, it is proposed to take so much and look."""

_MARKER = 1
"""Place of the chosen point among the traces of the chart."""


def layout(services: Services, tid: str) -> Component:
    """Make the tab."""
    return framed(services, tid, "prune", _content(services, tid))


def _content(services: Services, tid: str) -> Component:
    task = services.workspace.task(tid)
    if task.parent_id:
        return _of_pruned(services, tid, task.parent_id)
    if (refusal := pruning.refusal(services, tid)) is not None:
        told = notices.problem(notices.words(refusal), _("This model cannot be pruned"))
        return frames.panel(_what_it_is(), told, title=_("Pruning"))
    missing = model.untrained(services, tid, _("A trained model can be made smaller and faster here."))
    if missing is not None:
        return missing
    can = dmc.Badge(
        _("{model} can be pruned").format(model=tasks.get_params(services, tid)["model"]),
        color="green",
        variant="light",
        radius="sm",
        tt="none",
        leftSection=icon("check"),
    )
    return dmc.Stack(
        [
            dcc.Store(id="prune-begun"),
            dcc.Store(id="prune-shown", data=_seen(services, tid)),
            frames.panel(
                _what_it_is(),
                html.Div(_analysis(services, tid), id="prune-analysis", **{"aria-live": "polite"}),
                title=_("1. Find out what each layer is worth"),
                aside=can,
            ),
            html.Div(_choice(services, tid), id="prune-choice"),
            *_children(services, tid),
        ]
    )


def _what_it_is() -> Component:
    return dmc.Text(
        _(
            "Pruning takes those parts out of the net that contribute least, so that it becomes smaller and faster. "
            "What is left is trained again, which wins back most of the quality that went with them."
        ),
        size="sm",
        c="dimmed",
        mb="sm",
        maw="80ch",
    )


def _of_pruned(services: Services, tid: str, parent: str) -> Component:
    told = training.train_log(services, tid)["pruning"]
    lines: list[Component] = [
        dmc.Text(_("This task trains the pruned model of task {parent}.").format(parent=parent), mb="sm")
    ]
    if told:
        flops, parameters = told["flops"], told["parameters"]
        lines.append(
            dmc.Group(
                [
                    frames.figure(_("Computations left"), figures.share(flops["after"] / flops["before"])),
                    frames.figure(_("Parameters left"), figures.share(parameters["after"] / parameters["before"])),
                ],
                mb="sm",
            )
        )
    if parent in services.workspace.state.tasks:
        lines.append(links.button(_("Prune that model by another amount"), f"/tasks/{parent}/prune", variant="light"))
    return frames.panel(*lines, title=_("Pruned"))


def _state(services: Services, tid: str) -> PruneStatus | None:
    """How the analysis of the present model stands; None where there is none."""
    if status.current("prune", services.jobs.jobs_of(tid)) is None:
        return None
    return PruneStatus(pruning.get(services, tid)["prune_status"])


_GOES_ON = (PruneStatus.XSPRUNESTART, PruneStatus.XSPRUNEING)


def _analysis(services: Services, tid: str) -> list[Component]:
    state = _state(services, tid)
    if state is None:
        explained = _(
            "The analysis takes parts of each layer away in turn and looks at the validation images anew each time: "
            "that can take from a minute to hours, and can be stopped and go on later."
        )
        return [dmc.Text(explained, size="sm", mb="sm", maw="80ch"), _start(_("Start the analysis"))]
    progress = pruning.log(services, tid) or {}
    if state in _GOES_ON:
        return [work.going_on("prune", _progress(services, tid, progress))]
    if state is PruneStatus.XSPRUNEFAIL:
        return [
            notices.problem(sentence(pruning.get(services, tid)["message"])),
            dmc.Box(_start(_("Try again")), mt="sm"),
        ]
    if state is PruneStatus.XSPRUNEEXIT:
        stopped = _("Stopped: {current} of {all} measurements are made and kept.").format(
            current=progress.get("current") or 0, all=progress.get("iters") or "?"
        )
        return [dmc.Text(stopped, size="sm", mb="sm"), _start(_("Go on"))]
    return [dmc.Text(_("Done: {all} measurements.").format(all=progress.get("iters")), size="sm", c="green")]


def _start(words: str) -> Component:
    return dmc.Button(words, id="prune-start", leftSection=icon("play"))


def _progress(services: Services, tid: str, progress: dict[str, Any]) -> work.Progress:
    if progress.get("iters"):
        words = _("Measurement {current} of {all}").format(current=progress["current"], all=progress["iters"])
        if progress.get("eta") is not None:
            words = _("{done}, {time} left").format(done=words, time=figures.duration(progress["eta"]))
    else:
        job = services.jobs.latest(tid, "prune")
        words = (sentence(job.message) if job is not None else "") or _("Starting")
    return work.bar(words, progress.get("progress") or 0, _("Progress of the analysis"))


def _choice(services: Services, tid: str) -> Component | None:
    found = pruning.tradeoff(services, tid)
    if found is None:
        return None
    title = _("2. Choose how much to take away")
    most = int(found.most * 100)
    if most < 1:
        return frames.panel(dmc.Text(_("Nothing can be taken out of this net.")), title=title)
    proposed = min(max(1, int(found.share(_ACCEPTABLE) * 100)), most, _MOST_PROPOSED)
    epochs = int(tasks.get_params(services, tid)["num_epochs"])
    slider = dmc.Slider(
        id="prune-share",
        min=1,
        max=most,
        step=1,
        value=proposed,
        marks=[{"value": value, "label": f"{value}%"} for value in {1, most // 2, most} if value],
        thumbLabel=_("Share of the computations to remove, in percent"),
        updatemode="drag",
        mb="xl",
        mt="xs",
    )
    return frames.panel(
        dmc.SimpleGrid(
            [
                charts.chart("prune-chart", _chart(found, proposed)),
                dmc.Stack(
                    [
                        dmc.Text(_("Computations to remove"), fw=600, size="sm"),
                        slider,
                        html.Div(_words(found, proposed), id="prune-words", **{"aria-live": "polite"}),
                        dmc.NumberInput(
                            id="prune-epochs",
                            label=_("Epochs of the new training"),
                            description=_("As many as the first one had are on the safe side."),
                            value=epochs,
                            min=1,
                            allowDecimal=False,
                            maw=260,
                        ),
                        html.Div(id="prune-problem", className="later", **{"aria-live": "polite"}),
                        dmc.Group(
                            [dmc.Button(_("Train the pruned model"), id="prune-train", leftSection=icon("play"))]
                        ),
                    ]
                ),
            ],
            cols={"base": 1, "md": 2},
            spacing="xl",
        ),
        title=title,
    )


def _chart(found: Tradeoff, chosen: int) -> go.Figure:
    percents = list(range(int(found.most * 100) + 1))
    metric = charts.plain(figures.metric_name(found.metric))
    figure = go.Figure(
        [
            go.Scatter(
                x=percents,
                y=[found.loss(percent / 100) * 100 for percent in percents],
                mode="lines",
                fill="tozeroy",
                hovertemplate=_("{removed} removed, {loss} of the quality at risk").format(
                    removed="%{x}%", loss="%{y:.1f}%"
                )
                + "<extra></extra>",
            ),
            go.Scatter(
                x=[chosen],
                y=[found.loss(chosen / 100) * 100],
                mode="markers",
                marker={"size": 14},
                hoverinfo="skip",
                cliponaxis=False,
            ),
        ]
    )
    charts.styled(figure, height=340, showlegend=False, hovermode="x")
    figure.update_xaxes(title=_("Computations removed, %"))
    figure.update_yaxes(title=_("{metric} at risk in each layer, %").format(metric=metric), rangemode="tozero")
    return figure


def _words(found: Tradeoff, chosen: int) -> list[Component]:
    share = chosen / 100
    numbers = [
        frames.figure(_("Computations left"), figures.share(1 - share)),
        frames.figure(_("Computes faster by up to"), _("{times} times").format(times=figures.number(1 / (1 - share)))),
        frames.figure(_("At risk in each layer"), figures.share(found.loss(share))),
    ]
    explained = _(
        "{metric} is {baseline} now. To remove {share}, each layer gives up parts that alone would cost at most {loss} "
        "of it. Together they cost more at first; the training afterwards wins most of it back."
    ).format(
        metric=figures.metric_name(found.metric),
        baseline=figures.share(found.baseline),
        share=f"{chosen}%",
        loss=figures.share(found.loss(share)),
    )
    return [dmc.Group(numbers, gap="xs"), dmc.Text(explained, size="sm", c="dimmed", mt="xs")]


def _children(services: Services, tid: str) -> list[Component]:
    pid = services.workspace.task(tid).pid
    made = [task for task in services.workspace.tasks_of(pid) if task.parent_id == tid]
    if not made:
        return []
    rows = [
        dmc.Group(
            [
                dmc.Anchor(task.desc or task.id, href=f"/tasks/{task.id}", refresh=False, className="anywhere"),
                statuses.task_status(tasks.get(services, task.id)["task_status"]),
            ],
            gap="sm",
        )
        for task in reversed(made)
    ]
    return [frames.panel(dmc.Stack(rows, gap="xs"), title=_("Pruned models of this one"))]


def _seen(services: Services, tid: str) -> list[Any]:
    """What the tab shows of what changes by itself."""
    job = services.jobs.latest(tid, "prune")
    if job is None:
        return [None]
    return [[job.id, _state(services, tid)], job.message, services.jobs.progress(job)]


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("prune-begun", "data", allow_duplicate=True),
        Output("prune-analysis", "children", allow_duplicate=True),
        Input("prune-start", "n_clicks"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def start(clicks: int | None, tid: str) -> tuple[Any, Any]:
        clicks_only(clicks)
        try:
            pruning.start(services, tid)
        except UserError as error:
            again = dmc.Box(_start(_("Try again")), mt="sm")
            return no_update, [notices.problem(notices.words(error)), again]
        return clicks, no_update

    @site.callback(
        Output("prune-begun", "data", allow_duplicate=True),
        Input("prune-stop", "n_clicks"),
        State("task-tid", "data"),
        running=[(Output("prune-stop", "loading"), True, False)],
        prevent_initial_call=True,
    )
    def stop(clicks: int | None, tid: str) -> str:
        clicks_only(clicks)
        pruning.stop(services, tid)
        return "stopped"

    @site.callback(
        Output("prune-analysis", "children"),
        Output("prune-choice", "children"),
        Output("prune-shown", "data"),
        Input("task-look", "data"),
        Input("prune-begun", "data"),
        State("prune-shown", "data"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def look(_count: int, _begun: Any, shown: list[Any], tid: str) -> tuple[Any, Any, Any]:
        seen = _seen(services, tid)
        if seen == shown:
            raise PreventUpdate
        if seen[0] is not None and seen[0] == shown[0] and seen[0][1] in _GOES_ON:
            work.tell("prune", _progress(services, tid, pruning.log(services, tid) or {}))
            return no_update, no_update, seen
        # What was chosen stays as long as the analysis stands as it did.
        choice = no_update if seen[0] == shown[0] else _choice(services, tid)
        return _analysis(services, tid), choice, seen

    site.clientside_callback(
        ClientsideFunction("prune", "pick"),
        Output("prune-share", "value"),
        Input("prune-chart", "clickData"),
        prevent_initial_call=True,
    )

    @site.callback(
        Output("prune-chart", "figure"),
        Output("prune-words", "children"),
        Input("prune-share", "value"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def choose(chosen: int, tid: str) -> tuple[Any, Any]:
        found = pruning.tradeoff(services, tid)
        if found is None:
            raise PreventUpdate
        figure = Patch()
        figure["data"][_MARKER]["x"] = [chosen]
        figure["data"][_MARKER]["y"] = [found.loss(chosen / 100) * 100]
        return figure, _words(found, chosen)

    @site.callback(
        Output("address", "href", allow_duplicate=True),
        Output("prune-problem", "children"),
        Input("prune-train", "n_clicks"),
        State("prune-share", "value"),
        State("prune-epochs", "value"),
        State("task-tid", "data"),
        running=[(Output("prune-train", "loading"), True, False)],
        prevent_initial_call=True,
    )
    def train(clicks: int | None, chosen: int, epochs: int | str, tid: str) -> tuple[Any, Any]:
        clicks_only(clicks)
        if not isinstance(epochs, int):
            return no_update, notices.problem(_("Say how many epochs the new training shall have."))
        task = services.workspace.task(tid)
        desc = _("{name}, pruned by {share}").format(name=task.desc or tid, share=f"{chosen}%")[-DESC_LENGTH:]
        try:
            child = training.start_pruned(services, tid, chosen / 100, epochs, desc)
        except UserError as error:
            return no_update, notices.problem(notices.words(error))
        return f"/tasks/{child}", None


PAGE = Page(
    addresses=("/tasks/<tid>/prune",),
    title=lambda: _("Pruning"),
    layout=layout,
    register=register,
    section="projects",
)
