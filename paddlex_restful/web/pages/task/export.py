"""The tab on which a trained model is taken away: the formats, the exports beside each other, and a starting point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.params import exports
from paddlex_restful.services import Services, catalogue, exporting, models, trained
from paddlex_restful.services.attributes import NAME_LENGTH
from paddlex_restful.services.exporting import Wish
from paddlex_restful.services.listing import Selection
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.task import model as choices
from paddlex_restful.web.pages.task.frame import framed
from paddlex_restful.web.parts import frames, modeltable, notices, work
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_NEWEST = Selection(limit=50, sort="-id")
"""So many exports of a task are shown; the page of the models has all."""

_MOST_QUANT_EPOCHS = 100


@dataclass(frozen=True)
class _Format:
    """A format.

    Attributes:
        key: as jobs name it; begins ids and the names of folders.
        kind: as ``Wish.kind`` has it.
        title: its name.
        good_for: what it is good for, in a sentence.
        argument: of ``Wish``, which its one option sets; empty for none.
        option: makes the field of that option, with this id.
        read: makes the argument of what that field holds.
    """

    key: str
    kind: str
    title: Callable[[], str]
    good_for: Callable[[], str]
    argument: str = ""
    option: Callable[[str], Component] | None = None
    read: Callable[[Any], Any] = int

    def wish(self, save_dir: str, option: Any = None, **more: Any) -> Wish:
        """The export that is meant; what the field of an option holds is left out where it is empty."""
        chosen = {} if option in (None, "") else {self.argument: self.read(option)}
        return Wish(self.kind, save_dir, quant=self.key == "quantised", **chosen, **more)


def _quant_epochs(id: str) -> Component:
    return dmc.NumberInput(
        id=id,
        label=_("Epochs of adjustment"),
        description=_("The net may train on with 8 bits before; 0 takes it as it is, which mostly suffices."),
        value=0,
        min=0,
        max=_MOST_QUANT_EPOCHS,
        allowDecimal=False,
        clampBehavior="strict",
    )


def _opset(id: str) -> Component:
    return dmc.Select(
        id=id,
        label=_("Version of the operators (opset)"),
        description=_("An older program may ask for a lower one."),
        data=[{"value": str(opset), "label": str(opset)} for opset in exports.OPSETS],
        value=str(exports.DEFAULT_OPSET),
        allowDeselect=False,
    )


def _places(id: str) -> Component:
    words = {
        "arm": _("Processors of phones and boards (ARM)"),
        "arm_opencl": _("Graphics of phones (ARM and OpenCL)"),
        "x86": _("PCs (x86)"),
    }
    return dmc.Select(
        id=id,
        label=_("Made for"),
        data=[{"value": place, "label": words[place]} for place in exports.VALID_PLACES],
        value=exports.VALID_PLACES[0],
        allowDeselect=False,
    )


_FORMATS = (
    _Format(
        "infer",
        "infer",
        lambda: _("PaddlePaddle"),
        lambda: _("For servers and PCs with PaddlePaddle or PaddleX: exactly the trained model."),
    ),
    _Format(
        "quantised",
        "infer",
        lambda: _("PaddlePaddle, 8 bits"),
        lambda: _("A quarter of the size and often faster on processors, for a little of the quality."),
        "quant_epochs",
        _quant_epochs,
    ),
    _Format(
        "onnx",
        "onnx",
        lambda: _("ONNX"),
        lambda: _("Runs without PaddlePaddle in most other programs: ONNX Runtime, OpenVINO, TensorRT, C#, browsers."),
        "opset",
        _opset,
    ),
    _Format(
        "lite",
        "lite",
        lambda: _("Paddle-Lite"),
        lambda: _("For phones and small boards."),
        "valid_places",
        _places,
        str,
    ),
)


def layout(services: Services, tid: str) -> Component:
    """Make the tab."""
    hint = _("A trained model can be exported, downloaded, and kept as a starting point of other trainings.")
    if (missing := choices.untrained(services, tid, hint)) is not None:
        return framed(services, tid, "export", missing)
    cards = [_card(services, tid, each) for each in _FORMATS]
    content = dmc.Stack(
        [
            dcc.Store(id="export-begun"),
            dcc.Store(id="export-shown"),
            frames.panel(
                dmc.Text(_waits_for(services, tid), id="export-waits", className="later", size="sm", mb="sm"),
                dmc.SimpleGrid(cards, cols={"base": 1, "sm": 2, "xl": 4}),
                title=_("Export the model"),
            ),
            frames.panel(html.Div(_table(services, tid), id="export-table"), title=_("Exports of this task")),
            _keeping(services, tid),
            modeltable.removing("export"),
        ]
    )
    return framed(services, tid, "export", content)


def _card(services: Services, tid: str, each: _Format) -> Component:
    refusal = exporting.refusal(services, tid, each.wish(""))
    told = [dmc.Title(each.title(), order=3, size="h5"), dmc.Text(each.good_for(), size="sm", c="dimmed")]
    if refusal is not None:
        # The work's place is there in every card, because one callback fills them all.
        below: list[Component] = [
            dmc.Alert(notices.words(refusal), title=_("Not possible"), color="gray", variant="light"),
            dmc.Button(id=f"export-{each.key}-go", display="none", disabled=True),
            html.Div(id=f"export-{each.key}-work", className="later"),
        ]
    else:
        below = _form(services, tid, each)
    return dmc.Card(dmc.Stack([*told, *below], gap="sm", h="100%"), withBorder=True, padding="md")


def _form(services: Services, tid: str, each: _Format) -> list[Component]:
    key = each.key
    fields = [
        dmc.TextInput(
            id=f"export-{key}-name",
            label=_("Name"),
            description=_("What it is called in the list of models, and the file that is downloaded."),
            value=_name(services, tid, each.title()),
            inputProps={"maxLength": NAME_LENGTH},
        ),
        choices.epochs(services, tid, f"export-{key}-epoch"),
        *([each.option(f"export-{key}-option")] if each.option else []),
    ]
    return [
        html.Details([html.Summary(_("Options")), dmc.Stack(fields, gap="xs", mt="xs")], className="fold"),
        dmc.Button(
            _("Export"),
            id=f"export-{key}-go",
            variant="light",
            leftSection=icon("box"),
            disabled=_at_work(services, tid),
            mt="auto",
            **{"aria-label": _("Export as {format}").format(format=each.title())},
        ),
        html.Div(id=f"export-{key}-problem", className="later", **{"aria-live": "polite"}),
        html.Div(_work(services, tid, each), id=f"export-{key}-work", className="later", **{"aria-live": "polite"}),
    ]


def _name(services: Services, tid: str, ending: str) -> str:
    task = services.workspace.task(tid)
    return f"{task.desc or services.workspace.project(task.pid).name} {ending}"[-NAME_LENGTH:]


def _at_work(services: Services, tid: str) -> bool:
    return any(job.kind in ("train", "export") for job in services.jobs.active(tid))


def _waits_for(services: Services, tid: str) -> str:
    if any(job.kind == "train" for job in services.jobs.active(tid)):
        return _("This task is being trained: its model can be exported when that has ended.")
    return ""


def _work(services: Services, tid: str, each: _Format) -> list[Component]:
    """How the newest export of a task goes or went, where it is of this format."""
    job = services.jobs.latest(tid, "export")
    if job is None or job.args.get("format") != each.key or job.state == states.STOPPED:
        return []
    if job.active:
        return [work.going_on("export", _progress(services, job))]
    if job.state == states.FAILED:
        return _failed(services, tid)
    return _done(services, tid)


_STAGES: Mapping[str, Callable[[], str]] = {
    "loading": lambda: _("Loading the model"),
    "tracing": lambda: _("Following the net's computations"),
    "converting": lambda: _("Translating"),
    "tuning": lambda: _("Adjusting the net to 8 bits"),
    "calibrating": lambda: _("Looking at images"),
    "measuring": lambda: _("Measuring quality and time"),
    "checking": lambda: _("Comparing with the trained model"),
    "saving": lambda: _("Saving"),
    "complete": lambda: _("Saving"),
}


def _progress(services: Services, job: Job) -> work.Progress:
    progress = services.jobs.progress(job)
    percent = progress.get("percent") or 0
    stage = _STAGES.get(progress.get("stage", ""), lambda: _("Starting"))
    words = sentence(job.message) or stage()
    return work.bar(words, percent, _("Progress of the export"))


def _failed(services: Services, tid: str) -> list[Component]:
    told = exporting.get(services, tid)
    problem = [notices.problem(sentence(told["message"]))]
    if told["log_tail"]:
        log = html.Pre("\n".join(told["log_tail"]), className="log")
        problem.append(html.Details([html.Summary(_("Last lines of its log")), log], className="fold"))
    return problem


def _done(services: Services, tid: str) -> list[Component]:
    quantised = exporting.quantisation_result(services, tid)
    lines: list[Component] = [dmc.Text(_("Done: it is in the list below."), size="sm", c="green")]
    if quantised:
        before, after = quantised["before"], quantised["after"]
        for words, figure in (
            (modeltable.size_words, "size"),
            (modeltable.metric_words, "metric"),
            (modeltable.latency_words, "latency_ms"),
        ):
            lines.append(dmc.Text(f"{words(before.get(figure))} → {words(after.get(figure))}", size="sm"))
        lines += [dmc.Text(sentence(remark), size="xs", c="dimmed") for remark in quantised["remarks"]]
    return lines


def _table(services: Services, tid: str) -> Component:
    found, _total = catalogue.find(services, "exported", tid=tid, selection=_NEWEST)
    if not found:
        return frames.nothing(
            _("Nothing exported yet"), hint=_("What is exported can be compared and downloaded here.")
        )
    return modeltable.table(found, "export", origins=False)


def _keeping(services: Services, tid: str) -> Component:
    return frames.panel(
        dmc.Text(
            _(
                "Other trainings of the same net can start from this model instead of from the beginning: on more or "
                "other images they reach as much with fewer epochs."
            ),
            size="sm",
            c="dimmed",
            mb="sm",
            maw="80ch",
        ),
        dmc.Group(
            [
                dmc.TextInput(
                    id="export-keep-name",
                    label=_("Name of the starting point"),
                    value=_name(services, tid, "").strip(),
                    inputProps={"maxLength": NAME_LENGTH},
                    w={"base": "100%", "xs": 320},
                ),
                choices.epochs(services, tid, "export-keep-epoch"),
                dmc.Button(_("Keep"), id="export-keep", variant="light", leftSection=icon("check")),
            ],
            align="flex-end",
            gap="sm",
        ),
        html.Div(id="export-kept", **{"aria-live": "polite"}),
        title=_("Keep as a starting point for other trainings"),
    )


def _seen(services: Services, tid: str) -> list[Any]:
    """What the tab shows of what changes by itself.

    First what is the same as long as an export goes on, then its progress.
    """
    job = services.jobs.latest(tid, "export")
    told = [] if job is None else [job.id, job.state]
    progress = [] if job is None else [job.message, services.jobs.progress(job)]
    listed = [model.mid for model in catalogue.find(services, "exported", tid=tid, selection=_NEWEST)[0]]
    return [[told, listed, _at_work(services, tid)], progress]


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    modeltable.register(site, services, "export")
    for each in _FORMATS:
        _register_start(site, services, each)

    @site.callback(
        *[Output(f"export-{each.key}-work", "children") for each in _FORMATS],
        *[Output(f"export-{each.key}-go", "disabled") for each in _FORMATS],
        Output("export-waits", "children"),
        Output("export-table", "children"),
        Output("export-shown", "data"),
        Input("task-look", "data"),
        Input("export-begun", "data"),
        Input("export-removed", "data"),
        State("export-shown", "data"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def look(_count: int, _begun: Any, _removed: Any, shown: list[Any] | None, tid: str) -> list[Any]:
        seen = _seen(services, tid)
        if seen == shown:
            raise PreventUpdate
        job = services.jobs.latest(tid, "export")
        if job is not None and job.active and shown is not None and seen[0] == shown[0]:
            work.tell("export", _progress(services, job))
            return [*[no_update] * (2 * len(_FORMATS) + 2), seen]
        works = [_work(services, tid, each) for each in _FORMATS]
        disabled = [_at_work(services, tid)] * len(_FORMATS)
        return [*works, *disabled, _waits_for(services, tid), _table(services, tid), seen]

    @site.callback(
        Output("export-begun", "data", allow_duplicate=True),
        Input("export-stop", "n_clicks"),
        State("task-tid", "data"),
        running=[(Output("export-stop", "loading"), True, False)],
        prevent_initial_call=True,
    )
    def stop(clicks: int | None, tid: str) -> str:
        clicks_only(clicks)
        exporting.stop(services, tid)
        return "stopped"

    @site.callback(
        Output("export-kept", "children"),
        Input("export-keep", "n_clicks"),
        State("export-keep-name", "value"),
        State("export-keep-epoch", "value"),
        State("task-tid", "data"),
        running=[(Output("export-keep", "loading"), True, False)],
        prevent_initial_call=True,
    )
    def keep(clicks: int | None, name: str, epoch: str, tid: str) -> Component:
        clicks_only(clicks)
        try:
            pmid = _keep(services, tid, name, choices.epoch(epoch))
        except UserError as error:
            return dmc.Box(notices.problem(notices.words(error)), mt="sm")
        link = dmc.Anchor(name.strip() or pmid, href=f"/models/{pmid}", refresh=False, size="sm")
        return dmc.Group([dmc.Text(_("Kept:"), size="sm", c="green"), link], gap=6, mt="sm")


def _keep(services: Services, tid: str, name: str, epoch: int | None) -> str:
    task = services.workspace.task(tid)
    source = services.workspace.root / trained.checkpoint(services, task, epoch)
    return models.save_pretrained(services, task.pid, tid, name.strip(), str(source), None)


def _register_start(site: Dash, services: Services, each: _Format) -> None:
    key = each.key
    option = [State(f"export-{key}-option", "value")] if each.option else []

    @site.callback(
        Output("export-begun", "data", allow_duplicate=True),
        Output(f"export-{key}-problem", "children"),
        Input(f"export-{key}-go", "n_clicks"),
        State("task-tid", "data"),
        State(f"export-{key}-name", "value"),
        State(f"export-{key}-epoch", "value"),
        *option,
        prevent_initial_call=True,
    )
    def start(clicks: int | None, tid: str, name: str, epoch: str, *chosen: Any) -> tuple[Any, Any]:
        clicks_only(clicks)
        folder = exporting.free_folder(services, tid, key)
        called = name.strip() or folder.name
        try:
            exporting.start(services, tid, each.wish(str(folder), *chosen, epoch=choices.epoch(epoch), name=called))
        except UserError as error:
            return no_update, notices.problem(notices.words(error))
        return str(folder), None


PAGE = Page(
    addresses=("/tasks/<tid>/export",),
    title=lambda: _("Export"),
    layout=layout,
    register=register,
    section="projects",
)
