"""What a prediction found: the images, and one of them with its answer drawn in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.datasets.drawing import colour
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, findings, trained
from paddlex_restful.web.findings import LARGE, predicted_address
from paddlex_restful.web.parts import frames, notices
from paddlex_restful.web.parts.icons import icon
from paddlex_restful.web.pictures import SIDE

_IMAGES = 12
"""Of a page of the list."""

_SCORE = 0.5
_OPACITY = 0.45

Entry = Mapping[str, Any]


def result(services: Services, tid: str) -> Component:
    """The result of the newest prediction, or what stands in its place.

    Args:
        services: what the page works on.
        tid: the task.
    """
    job = trained.complete(services, tid, "predict")
    if job is None:
        hint = _("Give it images above: what it finds is drawn here.")
        return frames.panel(frames.nothing(_("Nothing has been predicted with this model yet"), hint=hint))
    try:
        found = findings.list_predictions(services, tid, 0, _IMAGES)
    except UserError as error:
        return notices.problem(notices.words(error))
    project_type: str = job.args["type"]
    pages = -(-found["total"] // _IMAGES)
    thumbnails = frames.panel(
        html.Div(_thumbnails(tid, job.id, found["predictions"], 0), id="predict-list", className="thumbnails"),
        dmc.Pagination(
            id="predict-page", total=pages, value=1, size="sm", mt="sm", display=None if pages > 1 else "none"
        ),
        title=_("{count} images").format(count=f"{found['total']:,}"),
        display=None if found["total"] > 1 else "none",
    )
    shown = _shown(tid, job.id, 0, found["predictions"][0], project_type)
    return dmc.Stack([thumbnails, _viewer(shown, project_type)])


def _thumbnails(tid: str, version: int, entries: Sequence[Entry], first: int) -> list[Component]:
    found = []
    for index, entry in enumerate(entries, first):
        # A file that is no image has no picture.
        shown = (
            icon("alert")
            if "error" in entry
            else html.Img(src=predicted_address(tid, index, version, SIDE // 2), alt="")
        )
        name = html.Span(entry["image"].rpartition("/")[2], className="thumbnail-name")
        found.append(
            html.Button(
                [html.Span(shown, className="thumbnail-picture"), name],
                id={"type": "predict-show", "index": index},
                className="thumbnail",
                title=entry["image"],
                type="button",
                **{"aria-label": entry["image"]},
            )
        )
    return found


def _shown(tid: str, version: int, index: int, entry: Entry, project_type: str) -> dict[str, Any]:
    """An image with its answer, for the script that draws it."""
    return {
        "index": index,
        "name": entry["image"],
        "error": entry.get("error", ""),
        "address": predicted_address(tid, index, version, LARGE),
        "type": project_type,
        "size": entry.get("size"),
        "guesses": _coloured(entry.get("topk", ())),
        "objects": _coloured(entry.get("predictions", entry.get("classes", ()))),
        "truth": entry.get("label", _coloured(entry["truth"]) if "truth" in entry else None),
    }


def _coloured(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [{**entry, "colour": _css(entry["category_id"])} for entry in entries]


def _css(index: int) -> str:
    red, green, blue = colour(index)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _viewer(shown: Mapping[str, Any], project_type: str) -> Component:
    objects = project_type in ("detection", "instance_segmentation")
    masks = project_type in ("segmentation", "instance_segmentation")
    picture = html.Div(
        [
            html.Canvas(id="predict-canvas", role="img", className="canvas"),
            html.Div(id="predict-unreadable", className="anywhere"),
        ],
        className="stage",
    )
    controls = dmc.Stack(
        [
            dmc.Text(id="predict-name", fw=600, className="anywhere"),
            _slider("threshold", _("Score of at least"), _SCORE, shown=objects),
            _slider("opacity", _("Strength of the colours"), _OPACITY, shown=masks),
            html.Div(_classes(shown), id="predict-classes-box"),
            dmc.Switch(
                id="predict-truth",
                label=_("Show what is true, with dashes"),
                checked=False,
                display="none" if not objects or shown["truth"] is None else None,
            ),
            html.Div(id="predict-answer", **{"aria-live": "polite"}),
            dmc.Group(
                [
                    dmc.Button(_("Save picture"), id="predict-save-picture", leftSection=icon("download"), size="sm"),
                    dmc.Button(
                        _("Save JSON"),
                        id="predict-save-json",
                        leftSection=icon("file"),
                        size="sm",
                        variant="default",
                    ),
                ],
                gap="xs",
            ),
        ],
        gap="md",
    )
    return frames.panel(
        html.Div([picture, controls], className="viewer"),
        dcc.Store(id="predict-shown", data=shown),
        dcc.Store(id="predict-words", data=_words()),
        title=_("What the model finds"),
    )


def _words() -> dict[str, str]:
    """What the script says."""
    return {
        "nothing": _("Nothing is found."),
        "below": _("Nothing is found at this threshold; the surest find has {score}."),
        "shares": _("Shares of the picture:"),
        "found": _("{count} found:"),
        "truth": _("Truth: {name}"),
        "picture": _("{name} with what the model finds in it: {found}"),
    }


def _slider(name: str, label: str, value: float, *, shown: bool) -> Component:
    return dmc.Box(
        [
            dmc.Text([label, " ", html.B(id=f"predict-{name}-told")], size="sm"),
            dmc.Slider(
                id=f"predict-{name}",
                min=0.05 if name == "threshold" else 0,
                max=1,
                step=0.01,
                value=value,
                precision=2,
                label=None,
                updatemode="drag",
                thumbLabel=label,
                mx="xs",
            ),
        ],
        display=None if shown else "none",
    )


def _classes(shown: Mapping[str, Any]) -> Component:
    """The classes of an image, to be hidden and shown; the background of segmentation is hidden at first."""
    classes = {entry["category_id"]: entry for entry in shown["objects"]}
    background = shown["type"] == "segmentation"
    return dmc.CheckboxGroup(
        dmc.Group(
            [
                dmc.Checkbox(label=entry["category"], value=str(index), color=entry["colour"])
                for index, entry in sorted(classes.items())
            ],
            gap="sm",
            mt=4,
        ),
        id="predict-classes",
        label=_("Classes"),
        value=[str(index) for index in classes if index or not background],
        display=None if classes else "none",
    )


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("predict-list", "children"),
        Input("predict-page", "value"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def turn(page: int, tid: str) -> list[Component]:
        job = trained.complete(services, tid, "predict")
        if job is None:
            raise PreventUpdate
        first = (page - 1) * _IMAGES
        return _thumbnails(tid, job.id, findings.list_predictions(services, tid, first, _IMAGES)["predictions"], first)

    @site.callback(
        Output("predict-shown", "data"),
        Output("predict-classes-box", "children"),
        Input({"type": "predict-show", "index": ALL}, "n_clicks"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def show(_clicks: list[int | None], tid: str) -> tuple[dict[str, Any], Component]:
        job = trained.complete(services, tid, "predict")
        if job is None or not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            raise PreventUpdate
        index = int(ctx.triggered_id["index"])
        entry = findings.list_predictions(services, tid, index, 1)["predictions"][0]
        shown = _shown(tid, job.id, index, entry, job.args["type"])
        return shown, _classes(shown)

    choices = (
        State("predict-shown", "data"),
        State("predict-threshold", "value"),
        State("predict-classes", "value"),
    )
    site.clientside_callback(
        ClientsideFunction("predict", "draw"),
        Output("predict-name", "children"),
        Output("predict-threshold-told", "children"),
        Output("predict-opacity-told", "children"),
        Output("predict-answer", "children"),
        Output("predict-unreadable", "children"),
        Input("predict-shown", "data"),
        Input("predict-threshold", "value"),
        Input("predict-classes", "value"),
        Input("predict-opacity", "value"),
        Input("predict-truth", "checked"),
        State("predict-words", "data"),
    )
    for name in ("picture", "json"):
        site.clientside_callback(
            ClientsideFunction("predict", f"save_{name}"),
            Input(f"predict-save-{name}", "n_clicks"),
            *choices,
            prevent_initial_call=True,
        )
