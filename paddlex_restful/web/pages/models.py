"""The models that were kept or exported: all of them, and one."""

from __future__ import annotations

import json
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, catalogue, models
from paddlex_restful.services.catalogue import Kind, Listed
from paddlex_restful.services.listing import Selection
from paddlex_restful.web.page import Page
from paddlex_restful.web.parts import frames, lists, modeltable, notices, query, statuses
from paddlex_restful.web.parts.icons import icon

_SHOWN = 20
"""Models of one page."""

_MOST_LABELS = 200


def layout(services: Services) -> Component:
    """Make the page of all models."""
    kinds = [{"value": "exported", "label": _("Exported")}, {"value": "pretrained", "label": _("Starting points")}]
    return html.Div(
        [
            dcc.Location(id="models-here", refresh=False),
            frames.heading(_("Models")),
            dmc.Group(
                [
                    dmc.SegmentedControl(
                        id="models-kind", data=kinds, value="exported", **{"aria-label": _("Kind of models")}
                    ),
                    lists.search("models-text", _("Search by name"), w={"base": "100%", "xs": 280}),
                ],
                mb="md",
                gap="sm",
            ),
            html.Div(id="models-found"),
            lists.turning("models-page", mt="md", **{"aria-label": _("Pages of models")}),
            modeltable.removing("models"),
        ]
    )


def _found(found: list[Listed], kind: Kind, words: str) -> Component:
    if found:
        return frames.panel(modeltable.table(found, "models", origins=True))
    if words.strip():
        return frames.nothing(_("No model is called so"), hint=_("Search for a part of its name or of its net's name."))
    if kind == "exported":
        hint = _(
            "Train a task, then export its model on the task's tab Export: it is listed here and can be downloaded."
        )
        return frames.nothing(_("No exported models yet"), hint=hint)
    hint = _("Keep the model of a trained task on its tab Export: other trainings can start from it.")
    return frames.nothing(_("No starting points yet"), hint=hint)


def _register_all(site: Dash, services: Services) -> None:
    modeltable.register(site, services, "models")

    @site.callback(
        Output("models-found", "children"),
        Output("models-page", "total"),
        Output("models-page", "value"),
        Output("models-kind", "value"),
        Output("models-text", "value"),
        Output("models-here", "search"),
        Input("models-here", "search"),
        Input("models-kind", "value"),
        Input("models-text", "value"),
        Input("models-page", "value"),
        Input("models-removed", "data"),
        prevent_initial_call=True,
    )
    def show(
        search: str | None, kind: Kind, words: str, page: int, _removed: str | None
    ) -> tuple[Component, int, int, Any, Any, str]:
        linked = ctx.triggered_id == "models-here"
        if linked:
            asked = query.read(search)
            kind = "pretrained" if asked.get("kind") == "pretrained" else "exported"
            words, page = asked.get("text", ""), query.page_of(asked.get("page"))
        elif ctx.triggered_id in ("models-kind", "models-text"):
            page = 1
        selection = Selection(offset=(page - 1) * _SHOWN, limit=_SHOWN, sort="-id")
        found, total = catalogue.find(services, kind, words=words, selection=selection)
        address = query.write({"kind": kind if kind != "exported" else None, "text": words}, page)
        # What the reader is typing is not written over.
        fields = (kind, words) if linked else (no_update, no_update)
        return _found(found, kind, words), lists.page_count(total, _SHOWN), page, *fields, address


PAGE = Page(addresses=("/models",), title=lambda: _("Models"), layout=layout, register=_register_all, section="models")


def _one(services: Services, mid: str) -> Component:
    model = catalogue.get(services, mid)
    remove = dmc.Button(
        _("Delete"),
        id={"page": "model", "remove": mid},
        variant="default",
        leftSection=icon("trash"),
        **{"aria-label": _("Delete: {name}").format(name=model.name)},
    )
    numbers = [
        frames.figure(_("Size"), modeltable.size_words(model.size)),
        frames.figure(_("Quality"), modeltable.metric_words(model.metric)),
        frames.figure(_("Time per image on one core"), modeltable.latency_words(model.latency_ms)),
    ]
    return html.Div(
        [
            frames.heading(
                model.name or mid,
                crumbs=[(_("Models"), "/models" if model.kind == "exported" else "/models?kind=pretrained")],
                beside=[modeltable.badges(model)],
                actions=[modeltable.download(model, _("Download")), remove],
            ),
            dmc.Stack(
                [
                    dmc.Group(numbers),
                    frames.panel(dmc.Text(_use(model), size="sm", maw="80ch"), title=_("How it is used")),
                    *_origin(services, model),
                ]
            ),
            modeltable.removing("model"),
        ]
    )


def _use(model: Listed) -> str:
    if model.kind == "pretrained":
        return _(
            "Choose it as the pretrained weights of a new task: the training starts from what this model knows, which "
            "takes fewer epochs and fewer images."
        )
    return _(
        "The download is a zip archive with the model, its classes and the preparation of images (inference.yml), and "
        "example.py, a short program that uses it: python example.py image.jpg"
    )


def _origin(services: Services, model: Listed) -> list[Component]:
    try:
        told = models.details(services, model.mid)
    except UserError as error:
        return [notices.problem(notices.words(error))]
    data = told["dataset_attr"] or {}
    rows: list[tuple[str, Any]] = [
        (_("Net"), model.model or "–"),
        (_("Finds"), statuses.type_words(model.type)),
        (_("Task"), modeltable.task_link(model)),
        (_("Dataset"), data.get("name", "–")),
        (_("Images"), _images(data)),
        (_("Created"), model.created),
        (_("Folder on the server"), model.path),
    ]
    panels = [frames.panel(_rows(rows), title=_("Where it comes from"))]
    labels = data.get("labels") or []
    if labels:
        marks = [
            dmc.Badge(label, variant="default", radius="sm", tt="none", className="label")
            for label in labels[:_MOST_LABELS]
        ]
        panels.append(
            frames.panel(dmc.Group(marks, gap=6), title=_("Classes it knows: {count}").format(count=len(labels)))
        )
    params = json.loads(told["task_params"])
    if params:
        shown = [(name, json.dumps(value, ensure_ascii=False)) for name, value in params.items()]
        fold = html.Details([html.Summary(_("Parameters of its training")), _rows(shown)], className="fold")
        panels.append(frames.panel(fold))
    return panels


def _images(data: dict[str, Any]) -> str:
    if "train_num" not in data:
        return "–"
    return _("{train} to learn from, {val} for validation, {test} for tests").format(
        train=data["train_num"], val=data["val_num"], test=data["test_num"]
    )


def _rows(rows: list[tuple[str, Any]]) -> Component:
    body = [
        dmc.TableTr([dmc.TableTh(name, w="30%"), dmc.TableTd(html.Span(value, className="anywhere"))])
        for name, value in rows
    ]
    return dmc.Table([dmc.TableTbody(body)], maw=900)


def _register_one(site: Dash, services: Services) -> None:
    modeltable.register(site, services, "model")

    @site.callback(
        Output("address", "href", allow_duplicate=True), Input("model-removed", "data"), prevent_initial_call=True
    )
    def leave(removed: str | None) -> str:
        if removed is None:
            raise PreventUpdate
        return "/models"


ONE = Page(
    addresses=("/models/<mid>",), title=lambda: _("Model"), layout=_one, register=_register_one, section="models"
)
