"""How an evaluation is started, how far it is, and why it failed."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.enums import TaskStatus
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services, datasets, evaluation
from paddlex_restful.web.pages.task import model
from paddlex_restful.web.pages.task.evaluate import found
from paddlex_restful.web.parts import frames, looking, notices, work
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_SECONDS = 1

_DEFAULTS = {"topk": 5, "score_thresh": 0.5, "overlap_thresh": 0.3}
"""Of the first evaluation of a task; later ones are offered what the one before had."""


def panel(services: Services, tid: str) -> Component:
    """The form, and below it how the newest evaluation stands.

    Args:
        services: what the page works on.
        tid: the task.
    """
    running = evaluation.running(services, tid)
    again = running is not None or evaluation.result(services, tid) is not None
    button = dmc.Button(
        _("Evaluate again") if again else _("Evaluate"),
        id="evaluate-start",
        leftSection=icon("play"),
        disabled=running is not None,
    )
    return frames.panel(
        dmc.Text(_images(services, tid), c="dimmed", size="sm", mb="sm"),
        dmc.Group([model.epochs(services, tid, "evaluate-epoch"), *_thresholds(services, tid), button], align="end"),
        html.Div(id="evaluate-refused"),
        html.Div(_standing(services, tid, running), id="evaluate-standing", **{"aria-live": "polite"}),
        dcc.Store(id="evaluate-stamp", data=_stamp(running)),
        looking.looking("evaluate", _SECONDS, disabled=running is None),
        title=_("Try the model"),
    )


def _images(services: Services, tid: str) -> str:
    project = services.workspace.project(services.workspace.task(tid).pid)
    details = datasets.details(services, project.did) if project.did else None
    if details is None or not (details["test_files"] or details["val_files"]):
        return _("The project's dataset has no images for this: split it first, with some for validation or test.")
    if details["test_files"]:
        words = _("It is tried on the {count} test images, none of which took part in the training.")
        return words.format(count=len(details["test_files"]))
    words = _("There are no test images, so it is tried on the {count} validation images.")
    return words.format(count=len(details["val_files"]))


def _thresholds(services: Services, tid: str) -> list[Component]:
    """Fields for what the project type is asked; those of the others are hidden, so that all have one callback."""
    project_type = services.workspace.project(services.workspace.task(tid).pid).type
    objects = project_type in ("detection", "instance_segmentation")
    job = services.jobs.latest(tid, "evaluate")
    last = _DEFAULTS if job is None else job.args
    topk, score, overlap = (last[name] for name in _DEFAULTS)
    fields = (
        (project_type == "classification", "topk", _("Guesses"), _("How many count as a hit"), topk, 1, 1000, 1),
        (objects, "score", _("Score"), _("From which a find counts"), score, 0, 1, 0.05),
        (objects, "overlap", _("Overlap"), _("From which it is the object"), overlap, 0, 1, 0.05),
    )
    return [
        dmc.NumberInput(
            id=f"evaluate-{name}",
            label=label,
            description=hint,
            value=value,
            min=least,
            max=most,
            step=step,
            w=200,
            display=None if shown else "none",
        )
        for shown, name, label, hint, value, least, most, step in fields
    ]


def _stamp(running: dict[str, Any] | None) -> list[Any] | None:
    return None if running is None else list(running.values())


def _standing(services: Services, tid: str, running: dict[str, Any] | None) -> Component | None:
    if running is not None:
        return work.going_on("evaluate", _progress(running))
    answer = evaluation.get(services, tid)
    if answer["evaluate_status"] != TaskStatus.XEVALUATEFAIL:
        return None
    log = dmc.Accordion(
        dmc.AccordionItem(
            [
                dmc.AccordionControl(_("The last lines of its log")),
                dmc.AccordionPanel(dmc.Code("\n".join(answer["log_tail"]), block=True)),
            ],
            value="log",
        )
    )
    return dmc.Stack([notices.problem(sentence(answer["message"]), _("The evaluation failed")), log], mt="md", gap="xs")


def _progress(running: dict[str, Any]) -> work.Progress:
    words = {
        "queued": sentence(running["message"]) if running["message"] else _("It waits for other work to end."),
        "loading": _("The model is being loaded."),
        "evaluating": _("{percent} % of the images are through.").format(percent=running["percent"]),
        "measuring": _("The figures are being computed."),
    }.get(running["stage"], _("The evaluation is running."))
    return work.bar(words, running["percent"], _("Progress of the evaluation"))


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    looking.register(site, "evaluate")

    @site.callback(
        Output("evaluate-refused", "children"),
        Output("evaluate-start", "disabled"),
        Output("evaluate-tick", "disabled"),
        Input("evaluate-start", "n_clicks"),
        State("task-tid", "data"),
        State("evaluate-epoch", "value"),
        State("evaluate-topk", "value"),
        State("evaluate-score", "value"),
        State("evaluate-overlap", "value"),
        prevent_initial_call=True,
    )
    def start(
        clicks: int | None, tid: str, epoch: str, topk: int | str, score: float | str, overlap: float | str
    ) -> tuple[Component | None, bool, bool]:
        clicks_only(clicks)
        try:
            numbers = int(topk), float(score), float(overlap)
        except ValueError:
            return notices.refused(_("A number is missing: fill in the fields beside the button.")), False, True
        try:
            evaluation.start(services, tid, model.epoch(epoch), *numbers)
        except UserError as error:
            return notices.refused(notices.words(error)), False, True
        return None, True, False

    @site.callback(
        Output("evaluate-standing", "children"),
        Output("evaluate-found", "children"),
        Output("evaluate-start", "disabled", allow_duplicate=True),
        Output("evaluate-tick", "disabled", allow_duplicate=True),
        Output("evaluate-stamp", "data"),
        Input("evaluate-look", "data"),
        State("task-tid", "data"),
        State("evaluate-stamp", "data"),
        prevent_initial_call=True,
    )
    def look(_count: int, tid: str, stamp: list[Any] | None) -> tuple[Any, ...]:
        running = evaluation.running(services, tid)
        if running is not None and stamp is not None:
            if _stamp(running) == stamp:
                raise PreventUpdate
            work.tell("evaluate", _progress(running))
            return no_update, no_update, no_update, no_update, _stamp(running)
        shown = found.result(services, tid) if running is None else None
        return _standing(services, tid, running), shown, running is not None, running is None, _stamp(running)

    @site.callback(
        Output("evaluate-stop", "disabled"),
        Input("evaluate-stop", "n_clicks"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def stop(clicks: int | None, tid: str) -> bool:
        clicks_only(clicks)
        evaluation.stop(services, tid)
        return True
