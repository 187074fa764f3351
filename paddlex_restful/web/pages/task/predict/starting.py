"""Where the images of a prediction come from: files, the camera, the test split; and how far it is."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.enums import PredictStatus
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services, datasets, prediction
from paddlex_restful.web.findings import sending_address
from paddlex_restful.web.pages.task import model
from paddlex_restful.web.pages.task.predict import found
from paddlex_restful.web.parts import frames, looking, notices, work
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

LOWEST_SCORE = 0.05
"""From which on objects are told: the threshold is chosen in the browser, without another prediction."""

_SECONDS = 1


def panel(services: Services, tid: str) -> Component:
    """The panel.

    Args:
        services: what the page works on.
        tid: the task.
    """
    state = prediction.get(services, tid)
    running = _runs(state)
    return frames.panel(
        dmc.Group(
            [_drop(services, tid), model.epochs(services, tid, "predict-epoch")],
            align="flex-start",
            gap="lg",
        ),
        dmc.Alert(id="predict-camera-problem", color="yellow", variant="light", display="none", mt="md"),
        dmc.Box(
            [
                dmc.Text(_("The images are being sent."), size="sm"),
                dmc.Progress(id="predict-sending", value=0, **{"aria-label": _("Progress of the sending")}),
            ],
            id="predict-sending-box",
            display="none",
            mt="md",
        ),
        html.Div(id="predict-refused", role="status"),
        html.Div(_standing(state), id="predict-standing", **{"aria-live": "polite"}),
        _camera(),
        dcc.Store(id="predict-offered"),
        dcc.Store(id="predict-sent"),
        dcc.Store(id="predict-stamp", data=_stamp(services, tid, state)),
        dcc.Store(
            id="predict-sending-to",
            data={
                "address": sending_address(tid),
                "score": LOWEST_SCORE,
                "lost": _("The server could not be reached: look whether it runs, and send the images again."),
                "noCamera": _(
                    "This browser shows no camera to this page: it does so only on this machine (localhost) or over "
                    "https. Choose files instead."
                ),
                "noAccess": _(
                    "The camera could not be used: connect one, allow it for this page in the browser, and try again."
                ),
            },
        ),
        looking.looking("predict", _SECONDS, disabled=not running),
        title=_("Show the model images"),
    )


def _drop(services: Services, tid: str) -> Component:
    count = _test_images(services, tid)
    buttons = [
        dmc.Button(_("Choose files"), id="predict-choose", leftSection=icon("images")),
        dmc.Button(_("Use the camera"), id="predict-camera-ask", leftSection=icon("camera"), variant="default"),
        dmc.Button(
            _("The {count} test images").format(count=count),
            id="predict-test",
            leftSection=icon("split"),
            variant="default",
            display=None if count else "none",
        ),
    ]
    return html.Div(
        [
            html.Span(icon("upload"), className="drop-sign"),
            dmc.Text(_("Drop images here, or"), c="dimmed"),
            dmc.Group(buttons, justify="center", gap="xs"),
        ],
        id="predict-drop",
        className="drop",
    )


def _test_images(services: Services, tid: str) -> int:
    project = services.workspace.project(services.workspace.task(tid).pid)
    details = datasets.details(services, project.did) if project.did else None
    return len(details["test_files"] or []) if details else 0


def _camera() -> Component:
    buttons = [
        dmc.Button(_("Take the picture"), id="predict-take", leftSection=icon("camera")),
        dmc.Button(_("Close"), id="predict-camera-close", variant="default"),
    ]
    return dmc.Box(
        [
            html.Video(
                id="predict-video", autoPlay=True, muted=True, className="whole-picture", **{"aria-label": _("Camera")}
            ),
            dmc.Group(buttons, mt="xs", justify="center"),
        ],
        id="predict-camera",
        display="none",
        mt="md",
    )


def _runs(state: dict[str, Any]) -> bool:
    return bool(state["predict_status"] == PredictStatus.XPRESTART)


def _stamp(services: Services, tid: str, state: dict[str, Any]) -> list[Any]:
    """What is shown, to be compared: what is the same as long as a prediction goes on, then its progress."""
    job = services.jobs.latest(tid, "predict")
    return [[job.id if job else 0, state["predict_status"]], [state["predict_num"], state["message"]]]


def _standing(state: dict[str, Any]) -> Component | None:
    if state["predict_status"] == PredictStatus.XPREFAIL:
        return dmc.Box(notices.problem(sentence(state["message"]), _("The prediction failed")), mt="md")
    return work.going_on("predict", _progress(state)) if _runs(state) else None


def _progress(state: dict[str, Any]) -> work.Progress:
    done, total = state["predict_num"], state["total_num"]
    label = _("Progress of the prediction")
    if not total:
        return work.bar(sentence(state["message"]), 0, label)
    words = _("{done} of {total} images are through.").format(done=done, total=total)
    return work.bar(words, 100 * done / total, label)


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    looking.register(site, "predict")

    @site.callback(
        Output("predict-refused", "children"),
        Output("predict-tick", "disabled"),
        Input("predict-test", "n_clicks"),
        State("predict-epoch", "value"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def predict_test_split(clicks: int | None, epoch: str, tid: str) -> tuple[Component | None, Any]:
        clicks_only(clicks)
        try:
            prediction.start_test_split(services, tid, LOWEST_SCORE, model.epoch(epoch))
        except UserError as error:
            # What is under way, if that is why, is looked at on.
            return notices.refused(notices.words(error)), no_update
        return None, False

    @site.callback(
        Output("predict-refused", "children", allow_duplicate=True),
        Output("predict-tick", "disabled", allow_duplicate=True),
        Input("predict-sent", "data"),
        prevent_initial_call=True,
    )
    def sent(answer: dict[str, Any] | None) -> tuple[Component | None, Any]:
        if answer is None:
            raise PreventUpdate
        return (notices.refused(answer["problem"]), no_update) if answer["problem"] else (None, False)

    @site.callback(
        Output("predict-standing", "children"),
        Output("predict-found", "children"),
        Output("predict-tick", "disabled", allow_duplicate=True),
        Output("predict-stamp", "data"),
        Input("predict-look", "data"),
        State("task-tid", "data"),
        State("predict-stamp", "data"),
        prevent_initial_call=True,
    )
    def look(_count: int, tid: str, stamp: list[Any] | None) -> tuple[Any, ...]:
        state = prediction.get(services, tid)
        running, here = _runs(state), _stamp(services, tid, state)
        if running and stamp is not None and here[0] == stamp[0]:
            if here == stamp:
                raise PreventUpdate
            work.tell("predict", _progress(state))
            return no_update, no_update, no_update, here
        return _standing(state), None if running else found.result(services, tid), not running, here

    @site.callback(
        Output("predict-stop", "disabled"),
        Input("predict-stop", "n_clicks"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def stop(clicks: int | None, tid: str) -> bool:
        clicks_only(clicks)
        prediction.stop(services, tid)
        return True

    def script(function: str, *dependencies: Input | Output | State) -> None:
        site.clientside_callback(ClientsideFunction("predict", function), *dependencies, prevent_initial_call=True)

    script("choose", Input("predict-choose", "n_clicks"))
    script(
        "send", Input("predict-offered", "data"), State("predict-epoch", "value"), State("predict-sending-to", "data")
    )
    script(
        "openCamera",
        Output("predict-camera", "display"),
        Output("predict-camera-problem", "children"),
        Output("predict-camera-problem", "display"),
        Input("predict-camera-ask", "n_clicks"),
        State("predict-sending-to", "data"),
    )
    script("takePicture", Input("predict-take", "n_clicks"))
    script("closeCamera", Input("predict-camera-close", "n_clicks"))
