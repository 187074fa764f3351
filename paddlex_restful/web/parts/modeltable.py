"""Kept and exported models beside each other: what each is, how large, good and fast; download, and delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, catalogue, models
from paddlex_restful.services.catalogue import Listed
from paddlex_restful.web.parts import confirming, figures
from paddlex_restful.web.parts.icons import icon

_MEGABYTE = 1_000_000

_DATE = len("2000-01-01")

_FORMATS: Mapping[str, Callable[[], str]] = {
    "infer": lambda: "PaddlePaddle",
    "onnx": lambda: "ONNX",
    "lite": lambda: "Paddle-Lite",
}


def format_words(model: Listed) -> str:
    """The format of a model in words."""
    if model.kind == "pretrained":
        return _("Starting point")
    named = _FORMATS[model.format]() if model.format else _("Unknown")
    return _("{format}, 8 bits").format(format=named) if model.quantised else named


def size_words(size: int | None) -> str:
    """A number of bytes in megabytes; a dash where it is not known."""
    return "–" if size is None else _("{size} MB").format(size=figures.number(size / _MEGABYTE))


def latency_words(milliseconds: float | None) -> str:
    """A time for one image; a dash where it is not known."""
    return "–" if milliseconds is None else _("{time} ms").format(time=figures.number(milliseconds))


def metric_words(metric: Mapping[str, float | None] | None) -> str:
    """The first figure of a model with its name; a dash where none is known."""
    known = [(name, value) for name, value in (metric or {}).items() if value is not None]
    return figures.named_share(*known[0]) if known else "–"


def badges(model: Listed) -> Component:
    """The format of a model, and whether it was pruned."""
    look = {"variant": "light", "radius": "sm", "tt": "none", "miw": "max-content"}
    marks = [dmc.Badge(format_words(model), **look)]
    if model.pruned:
        marks.append(dmc.Badge(_("pruned"), color="teal", **look))
    return dmc.Group(marks, gap=4)


def download(model: Listed, label: str | None = None) -> Component:
    """The link by which a model is downloaded: an icon, or a button with a label; its absence said where it is gone."""
    if not model.there:
        return dmc.Tooltip(
            dmc.Badge(_("Files gone"), color="red", variant="light", radius="sm", tt="none"), label=model.path
        )
    named = "emid" if model.kind == "exported" else "pmid"
    face = (
        dmc.Button(label, leftSection=icon("download"), tabIndex=-1)
        if label
        else dmc.ThemeIcon(icon("download"), variant="subtle", size="lg")
    )
    spoken = {"aria-label": _("Download: {name}").format(name=model.name)}
    return html.A(face, href=f"/model/download?{urlencode({named: model.mid})}", download="", **spoken)


def table(models: Sequence[Listed], page: str, *, origins: bool) -> Component:
    """The models.

    Args:
        models: which.
        page: begins the ids; the page has ``removing(page)`` too.
        origins: whether their datasets and tasks are told.
    """
    titles = [_("Format"), _("Size"), _("Quality"), _("Time per image")]
    titles += [_("Dataset"), _("Task")] if origins else []
    wide = [dmc.TableTh(title, visibleFrom="sm") for title in (*titles, _("Created"))]
    # The last column holds buttons, which say themselves what they are.
    head = dmc.TableTr([dmc.TableTh(_("Name")), *wide, dmc.TableTh("")])
    rows = [_row(model, page, origins) for model in models]
    body = [dmc.TableThead(head), dmc.TableTbody(rows)]
    shown = dmc.Table(body, highlightOnHover=True, verticalSpacing="xs", tabularNums=True)
    return html.Div(shown, className="models models-origins" if origins else "models")


def _row(model: Listed, page: str, origins: bool) -> Component:
    known = [size_words(model.size), metric_words(model.metric), latency_words(model.latency_ms)]
    name = dmc.Anchor(
        model.name or model.mid, href=f"/models/{model.mid}", refresh=False, fw=600, size="sm", className="model-name"
    )
    # A phone has room for two columns.
    narrow = dmc.Stack([badges(model), dmc.Text(" · ".join(known), size="xs", c="dimmed")], gap=4, hiddenFrom="sm")
    told: list[Any] = [badges(model), *(html.Span(text, className="unbroken") for text in known)]
    if origins:
        told += [html.Span(model.dataset or "–", className="anywhere"), task_link(model)]
    told.append(html.Span(model.created[:_DATE], title=model.created, className="unbroken"))
    remove = dmc.ActionIcon(
        icon("trash"),
        id={"page": page, "remove": model.mid},
        variant="subtle",
        color="red",
        size="lg",
        **{"aria-label": _("Delete: {name}").format(name=model.name)},
    )
    return dmc.TableTr(
        [
            dmc.TableTd([name, narrow]),
            *(dmc.TableTd(cell, visibleFrom="sm") for cell in told),
            dmc.TableTd(dmc.Group([download(model), remove], gap=4, wrap="nowrap", justify="flex-end")),
        ]
    )


def task_link(model: Listed) -> Component:
    """The task that made a model, with the way to it as long as it exists."""
    if not model.task_there:
        return dmc.Text(_("{tid}, deleted").format(tid=model.tid), size="sm", c="dimmed")
    return dmc.Anchor(model.tid, href=f"/tasks/{model.tid}", refresh=False, size="sm")


def removing(page: str) -> Component:
    """The question before a model is deleted; the data of ``<page>-removed`` change after it was."""
    return html.Div(
        [
            confirming.asking(f"{page}-removing", _("Delete this model?"), "", _("Delete")),
            dcc.Store(id=f"{page}-remove"),
            dcc.Store(id=f"{page}-removed"),
        ]
    )


def register(site: Dash, services: Services, page: str) -> None:
    """Declare what asks and deletes.

    Args:
        site: the page's application.
        services: what it works on.
        page: as in ``removing``.
    """

    @site.callback(
        Output(f"{page}-removing", "opened"),
        Output(f"{page}-removing-what", "children"),
        Output(f"{page}-remove", "data"),
        Output(f"{page}-removed", "data"),
        Input({"page": page, "remove": ALL}, "n_clicks"),
        Input(f"{page}-removing-no", "n_clicks"),
        Input(f"{page}-removing-yes", "n_clicks"),
        State(f"{page}-remove", "data"),
        prevent_initial_call=True,
    )
    def act(_asks: list[int | None], _no: int | None, _yes: int | None, asked: str | None) -> tuple[Any, Any, Any, Any]:
        clicked = ctx.triggered_id
        # A button that has just been drawn calls with no click.
        if not ctx.triggered[0]["value"]:
            raise PreventUpdate
        if isinstance(clicked, dict):
            mid = clicked["remove"]
            return True, _consequence(services, mid), mid, no_update
        if clicked == f"{page}-removing-yes" and asked:
            models.delete(services, asked)
            return False, no_update, None, asked
        return False, no_update, None, no_update


def _consequence(services: Services, mid: str) -> str:
    model = catalogue.get(services, mid)
    if model.kind == "exported" and model.there and not models.owns_files(services, mid):
        return _("{name} is taken off the list. Its files stay in {path}.").format(name=model.name, path=model.path)
    return _("{name} and its files will be gone for good.").format(name=model.name)
