"""A new task: its net, its parameters, what they make of the images, where it trains."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.enums import DatasetStatus
from paddlex_restful.errors import UserError
from paddlex_restful.language import clause
from paddlex_restful.language import gettext as _
from paddlex_restful.params import BadParams
from paddlex_restful.params import fields as forms
from paddlex_restful.services import Services, datasets, models, previews, system, tasks, training, zoo
from paddlex_restful.services.attributes import DESC_LENGTH
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.project import choosing
from paddlex_restful.web.parts import frames, notices, parameters
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_SAMPLES = 4

_WEIGHTS = {
    "IMAGENET": lambda: _("ImageNet: a million photographs of a thousand kinds of things"),
    "COCO": lambda: _("COCO: a hundred thousand photographs with outlined objects"),
    "CITYSCAPES": lambda: _("Cityscapes: streets, seen from cars"),
}

_Held = Mapping[str, list[Any]]

_HELD = {
    "input_ids": State(parameters.input_id(ALL, ALL), "id"),
    "inputs": State(parameters.input_id(ALL, ALL), "value"),
    "switch_ids": State(parameters.switch_id(ALL, ALL), "id"),
    "switches": State(parameters.switch_id(ALL, ALL), "checked"),
}
"""What the form holds."""


def layout(services: Services, pid: str) -> Component:
    """Make the page."""
    project = services.workspace.project(pid)
    chosen = zoo.advice(project.type).balanced.key
    above = [(_("Projects"), "/projects"), (project.name, f"/projects/{pid}")]
    name = dmc.TextInput(
        id="new-desc",
        label=_("Name of the task"),
        description=_("May be left empty: it has a number."),
        inputProps={"maxLength": DESC_LENGTH},
        maw=420,
    )
    buttons = dmc.Group(
        [
            dmc.Button(_("Create and train"), id="new-train", leftSection=icon("play")),
            dmc.Button(_("Create only"), id="new-create", variant="default"),
        ]
    )
    return html.Div(
        [
            frames.heading(_("New task"), crumbs=above),
            dcc.Store(id="new-pid", data=pid),
            dcc.Store(id="new-seed", data=_seed()),
            dcc.Store(id="new-defaults"),
            dcc.Store(id="new-settled"),
            dmc.Stack(
                [
                    frames.panel(choosing.choosing(project.type, chosen), title=_("Model")),
                    html.Div(
                        [
                            frames.panel(
                                _device(), html.Div(id="new-form"), title=_("Parameters"), className="new-parameters"
                            ),
                            html.Div(_preview_panel(services, project.did), className="new-preview"),
                        ],
                        className="new-task",
                    ),
                    frames.panel(
                        dmc.Stack([name, html.Div(id="new-problem", **{"aria-live": "polite"}), buttons]),
                    ),
                ]
            ),
        ]
    )


def _device() -> Component:
    memory = system.describe("gpu_memory_size")["gpu_mem_infos"]
    if not memory:
        told = dmc.Text(_("It trains on the processor: this machine has no GPU."), size="sm", c="dimmed", mb="md")
        return html.Div([told, dcc.Store(id="new-gpus", data=[])])
    boxes = [dmc.Checkbox(value=str(number), label=_gpu(number, gpu)) for number, gpu in enumerate(memory)]
    chosen = ["0"]
    return html.Div(
        [
            dmc.CheckboxGroup(
                dmc.Group(boxes, mt="xs"),
                id="new-gpu-choice",
                value=chosen,
                label=_("Trains on"),
                description=_("Several GPUs share each batch; none means the processor."),
                mb="md",
            ),
            dcc.Store(id="new-gpus", data=chosen),
        ]
    )


def _gpu(number: int, memory: Mapping[str, int | None]) -> str:
    if memory["total"] is None:
        return _("GPU {number}").format(number=number)
    return _("GPU {number}: {free} of {total} MiB free").format(number=number, **memory)


def _preview_panel(services: Services, did: str) -> Component:
    if not _is_ready(services, did):
        why = _("Split the dataset of the project first.") if did else _("Bind a dataset to the project first.")
        return frames.panel(
            dmc.Text(why, size="sm", c="dimmed"), html.Div(id="new-preview"), title=_("What the net will see")
        )
    others = dmc.Button(_("Others"), id="new-others", size="compact-sm", variant="default")
    return frames.panel(
        dmc.Text(_("Four training images, changed at random as the parameters say."), size="sm", c="dimmed", mb="sm"),
        dcc.Loading(html.Div(id="new-preview", className="samples"), delay_show=600),
        title=_("What the net will see"),
        aside=others,
    )


def _is_ready(services: Services, did: str) -> bool:
    """Whether there is a dataset that can be learned from."""
    return bool(did) and datasets.get(services, did)["dataset_status"] == DatasetStatus.XSPLITED


def _values(held: _Held) -> dict[str, Any]:
    return parameters.values_of(held["input_ids"] + held["switch_ids"], held["inputs"] + held["switches"])


def _differs(name: str, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
    return parameters.shown(values[name]) != parameters.shown(defaults[name])


def _seed() -> int:
    return secrets.randbelow(previews.MOST_SEED + 1)


def _net_of(project_type: str, key: str) -> zoo.Net:
    return next(net for net in zoo.nets(project_type) if net.key == key)


def _defaults(services: Services, pid: str, key: str, gpus: Sequence[str]) -> dict[str, Any]:
    """All default parameters of a net on these GPUs."""
    project_type = services.workspace.project(pid).type
    net = _net_of(project_type, key)
    found = tasks.recommended_params(services, pid, net.model, [int(gpu) for gpu in gpus])
    backbone = net.variant["backbone"]
    if backbone is not None:
        found["backbone"] = backbone
    if found.get("pretrain_weights") not in net.variant["weights"]:
        found["pretrain_weights"] = next(iter(net.variant["weights"]), None)
    return forms.defaults(project_type, found)


def _weights(services: Services, project_type: str, key: str) -> list[dict[str, str]]:
    published = [{"value": name, "label": _WEIGHTS[name]()} for name in _net_of(project_type, key).variant["weights"]]
    kept = [
        {"value": model["id"], "label": f"{model['name']} ({model['id']})"}
        for model in models.list_all(services, "pretrained").items
        if model["type"] == project_type
    ]
    return [*published, *kept, {"value": parameters.NOTHING, "label": _("Nothing: it learns from your images alone")}]


def _form(
    services: Services, project_type: str, key: str, defaults: Mapping[str, Any], kept: Mapping[str, Any]
) -> Component:
    known = forms.fields(project_type, _net_of(project_type, key).model)
    choices = {"pretrain_weights": _weights(services, project_type, key)}
    return parameters.form(known, {**defaults, **kept}, defaults, choices)


def _pictures(services: Services, did: str, params: Mapping[str, Any], seed: int) -> list[Component]:
    drawn = previews.sketch(services, did, params, _SAMPLES, seed)
    return [
        html.Img(src=f"data:image/webp;base64,{base64.b64encode(picture).decode()}", alt=path, title=path)
        for path, picture in drawn
    ]


def _shown(problems: Mapping[str, str], names: Sequence[str]) -> list[str | None]:
    """What is told at the fields of these parameters."""
    return [clause(problems[name]) if name in problems else None for name in names]


def _names(outputs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The parameters to which the components of a wildcard belong."""
    return [each["id"]["name"] for each in outputs]


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    choosing.register(site)

    @site.callback(Output("new-gpus", "data"), Input("new-gpu-choice", "value"), prevent_initial_call=True)
    def take(gpus: list[str]) -> list[str]:
        return sorted(gpus)

    @site.callback(Output("new-seed", "data"), Input("new-others", "n_clicks"), prevent_initial_call=True)
    def draw(clicks: int | None) -> int:
        clicks_only(clicks)
        return _seed()

    @site.callback(
        output=[Output("new-form", "children"), Output("new-defaults", "data")],
        inputs={"key": Input(choosing.CHOICE, "value"), "gpus": Input("new-gpus", "data")},
        state={"pid": State("new-pid", "data"), "before": State("new-defaults", "data"), "held": _HELD},
        running=[(Output("new-form", "className"), "working", "")],
    )
    def make(
        key: str, gpus: list[str], pid: str, before: dict[str, Any] | None, held: _Held
    ) -> tuple[Component, dict[str, Any]]:
        defaults = _defaults(services, pid, key, gpus)
        # What was changed by hand stays, whatever the defaults of another net are.
        changed = {name: value for name, value in _values(held).items() if value != (before or {}).get(name)}
        kept = {name: value for name, value in changed.items() if name in defaults and name != "pretrain_weights"}
        return _form(services, services.workspace.project(pid).type, key, defaults, kept), defaults

    # Nobody wants to be told what is wrong with half a number.
    site.clientside_callback(
        ClientsideFunction("training", "settle"),
        Output("new-settled", "data"),
        Input(parameters.input_id(ALL, ALL), "value"),
        Input(parameters.switch_id(ALL, ALL), "checked"),
        prevent_initial_call=True,
    )

    @site.callback(
        output=[
            Output("new-preview", "children"),
            Output("new-problem", "children"),
            Output(parameters.input_id(ALL, ALL), "error"),
            Output(parameters.parts_id(ALL), "error"),
            Output(parameters.row_id(ALL), "className"),
        ],
        inputs={"settled": Input("new-settled", "data"), "seed": Input("new-seed", "data")},
        state={"pid": State("new-pid", "data"), "defaults": State("new-defaults", "data"), "held": _HELD},
        prevent_initial_call=True,
    )
    def follow(settled: int, seed: int, pid: str, defaults: dict[str, Any], held: _Held) -> tuple[Any, ...]:
        values = _values(held)
        project = services.workspace.project(pid)
        pictures: Any = no_update
        problems: Mapping[str, str] = {}
        told = None
        try:
            params = tasks.checked_params(project.type, {**defaults, **values})
            if _is_ready(services, project.did):
                pictures = _pictures(services, project.did, params, seed)
        except BadParams as error:
            problems = error.problems
            if not problems.keys() <= values.keys():
                told = notices.problem(notices.words(error))
        except UserError as error:
            told = notices.problem(notices.words(error))
        _preview, _problem, of_inputs, of_parts, rows = ctx.outputs_list
        single = [each["id"]["name"] if each["id"]["part"] < 0 else "" for each in of_inputs]
        classes = [parameters.row_class(_differs(name, values, defaults)) for name in _names(rows)]
        return pictures, told, _shown(problems, single), _shown(problems, _names(of_parts)), classes

    @site.callback(
        output=[
            Output("address", "href", allow_duplicate=True),
            Output("new-problem", "children", allow_duplicate=True),
        ],
        inputs={"train": Input("new-train", "n_clicks"), "create": Input("new-create", "n_clicks")},
        state={
            "pid": State("new-pid", "data"),
            "desc": State("new-desc", "value"),
            "defaults": State("new-defaults", "data"),
            "held": _HELD,
        },
        running=[(Output("new-train", "loading"), True, False), (Output("new-create", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def create(
        train: int | None, create: int | None, pid: str, desc: str | None, defaults: dict[str, Any], held: _Held
    ) -> tuple[Any, Any]:
        clicks_only(train or create)
        try:
            tid = tasks.create(services, pid, {**defaults, **_values(held)}, (desc or "").strip(), None)
        except UserError as error:
            return no_update, notices.problem(notices.words(error))
        if ctx.triggered_id == "new-train":
            try:
                training.start(services, tid)
            except UserError as error:
                # The task is there: its page tells how it stands, and this why it does not train.
                dash.set_props(notices.ID, {"sendNotifications": [notices.refusal(error)]})
        return f"/tasks/{tid}", None


PAGE = Page(
    addresses=("/projects/<pid>/new",),
    title=lambda: _("New task"),
    layout=layout,
    register=register,
    section="projects",
)
