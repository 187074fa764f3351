"""The server: how busy it is, its jobs, its versions, its log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
import orjson
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful import logs
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services, files, system
from paddlex_restful.system.gpu import Gpu, read_gpus
from paddlex_restful.web.page import Page
from paddlex_restful.web.parts import frames, lists, looking
from paddlex_restful.web.parts.icons import icon

_SECONDS = 2

_LOG_LINES = 400

_GIB = 1 << 30

_KINDS: Mapping[str, Callable[[], str]] = {
    "import": lambda: _("Import"),
    "download": lambda: _("Download"),
    "train": lambda: _("Training"),
    "prune": lambda: _("Analysis for pruning"),
    "evaluate": lambda: _("Evaluation"),
    "predict": lambda: _("Prediction"),
    "export": lambda: _("Export"),
}

_STATES: Mapping[states.State, tuple[Callable[[], str], str]] = {
    states.QUEUED: (lambda: _("Waiting"), "gray"),
    states.STARTING: (lambda: _("Starting"), "blue"),
    states.RUNNING: (lambda: _("Running"), "blue"),
    states.STOPPING: (lambda: _("Stopping"), "yellow"),
}

_LEVELS = {"error": "red", "critical": "red", "warning": "yellow"}


def layout(services: Services) -> Component:
    """Make the page."""
    return html.Div(
        [
            frames.heading(_("Server")),
            looking.looking("server", _SECONDS),
            dcc.Store(id="server-jobs-shown"),
            dcc.Store(id="server-log-shown"),
            dmc.Stack(
                [
                    html.Div(_usage(services), id="server-usage"),
                    frames.panel(html.Div(_jobs(services), id="server-jobs"), title=_("Jobs and queue")),
                    _log_panel(services),
                    frames.panel(_versions(services), title=_("Versions")),
                ]
            ),
        ]
    )


def _usage(services: Services) -> Component:
    now = system.usage(services)
    meters = [
        _meter(_("Processor"), now.cpu, f"{now.cpu:.0%}"),
        _meter(_("Memory"), now.memory[0] / now.memory[1], _of(*now.memory)),
        _meter(_("Disk of the workspace"), now.disk[0] / now.disk[1], _of(*now.disk)),
    ]
    cards = read_gpus().cards
    meters += [_gpu(number, card) for number, card in enumerate(cards)]
    if not cards:
        meters.append(
            dmc.Paper(
                [
                    dmc.Text(_("GPU"), size="xs", c="dimmed"),
                    dmc.Text(_("None"), size="xl", fw=600),
                    dmc.Text(_("Trainings run on the processor."), size="xs", c="dimmed"),
                ],
                withBorder=True,
                p="sm",
            )
        )
    return dmc.SimpleGrid(meters, cols={"base": 1, "xs": 2, "md": 4})


def _gpu(number: int, card: Gpu) -> Component:
    name = _("GPU {number}").format(number=number)
    if card.used is None or not card.total:
        return _meter(name, 0, _("Tells nothing"))
    told = _of(card.used << 20, card.total << 20)
    busy = "" if card.busy is None else _(", busy {percent}%").format(percent=card.busy)
    return _meter(name, card.used / card.total, told + busy)


def _meter(name: str, share: float, value: str) -> Component:
    colour = "red" if share > 0.95 else "yellow" if share > 0.85 else "indigo"
    return dmc.Paper(
        [
            dmc.Text(name, size="xs", c="dimmed"),
            dmc.Text(value, size="xl", fw=600, className="figure"),
            dmc.Progress(value=round(share * 100), color=colour, mt=6, **{"aria-label": name}),
        ],
        withBorder=True,
        p="sm",
    )


def _of(used: int, total: int) -> str:
    return _("{used:.1f} of {total:.1f} GiB").format(used=used / _GIB, total=total / _GIB)


def _jobs(services: Services) -> Component:
    found = sorted(services.jobs.active(), key=lambda job: job.id)
    if not found:
        return frames.nothing(_("Nothing is at work"))
    head = dmc.TableThead(
        dmc.TableTr([dmc.TableTh(text) for text in (_("Job"), _("Works on"), _("State"), _("Since"), _("GPUs"), "")])
    )
    return dmc.TableScrollContainer(
        dmc.Table([head, dmc.TableTbody([_job(job) for job in found])], verticalSpacing="xs"), minWidth=560
    )


def _job(job: Job) -> Component:
    words, colour = _STATES[job.state]
    state: list[Component] = [dmc.Badge(words(), color=colour, variant="light", radius="sm", tt="none")]
    if job.message:
        state.append(dmc.Text(sentence(job.message), size="xs", c="dimmed"))
    since = time.strftime("%H:%M:%S", time.localtime(job.started or job.submitted))
    stop = dmc.Button(
        _("Stop"),
        id={"page": "server", "stop": job.id},
        size="compact-sm",
        variant="light",
        color="red",
        leftSection=icon("stop"),
        disabled=job.state == states.STOPPING,
        **{"aria-label": _("Stop: {kind} of {subject}").format(kind=_KINDS[job.kind](), subject=job.subject)},
    )
    cells: tuple[Any, ...] = (
        _KINDS[job.kind](),
        _subject(job.subject),
        dmc.Stack(state, gap=2),
        since,
        ", ".join(str(gpu) for gpu in job.gpus) or _("processor"),
        stop,
    )
    return dmc.TableTr([dmc.TableTd(cell) for cell in cells])


def _subject(subject: str) -> Component | str:
    roots = {"T": "tasks", "D": "datasets"}
    root = roots.get(subject[:1]) if subject[1:].isdigit() else None
    return dmc.Anchor(subject, href=f"/{root}/{subject}", refresh=False) if root else subject


def _versions(services: Services) -> Component:
    found = {**system.versions(), _("Workspace"): str(services.workspace.root)}
    rows = [
        dmc.TableTr([dmc.TableTh(name), dmc.TableTd(html.Span(value, className="anywhere"))])
        for name, value in found.items()
    ]
    return dmc.Table([dmc.TableTbody(rows)], maw=720)


def _log_panel(services: Services) -> Component:
    levels = [
        {"value": "all", "label": _("Everything")},
        {"value": "told", "label": _("Without requests")},
        {"value": "problems", "label": _("Problems")},
    ]
    chosen = dmc.Group(
        [
            lists.search("server-log-search", _("Search in the log"), _("Search"), size="xs"),
            dmc.SegmentedControl(
                id="server-log-level", data=levels, value="told", size="xs", **{"aria-label": _("Lines of the log")}
            ),
        ],
        gap="xs",
    )
    log = html.Div(
        _log(services, "told", ""), id="server-log", className="log", tabIndex="0", **{"aria-label": _("Log")}
    )
    return frames.panel(log, title=_("Log"), aside=chosen)


def _log(services: Services, level: str, search: str) -> list[Component]:
    wanted = search.lower()
    shown = [
        _log_line(entry)
        for line in files.log_lines(services.workspace.root / logs.FILE, limit=_LOG_LINES)
        if wanted in line.lower() and _is_shown(entry := orjson.loads(line), level)
    ]
    return shown[::-1] or [
        dmc.Text(_("No such lines among the last {count}.").format(count=_LOG_LINES), c="dimmed", size="sm")
    ]


def _is_shown(entry: Mapping[str, Any], level: str) -> bool:
    return level == "all" or (entry["level"] in _LEVELS if level == "problems" else "message" in entry)


def _log_line(entry: Mapping[str, Any]) -> Component:
    said = entry.get("message") or "{method} {path} {status} {ms} ms".format_map(entry)
    when = html.Span(entry["time"][:19].replace("T", " "), className="log-time")
    parts: list[Component] = [when, html.Span(said, className=f"log-{_LEVELS.get(entry['level'], 'plain')}")]
    if trace := entry.get("traceback"):
        parts.append(html.Details([html.Summary(_("Where it happened")), html.Pre(trace)]))
    return html.Div(parts)


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    looking.register(site, "server")

    @site.callback(Output("server-usage", "children"), Input("server-look", "data"), prevent_initial_call=True)
    def look(_count: int) -> Component:
        return _usage(services)

    @site.callback(
        Output("server-jobs", "children"),
        Output("server-jobs-shown", "data"),
        Input("server-look", "data"),
        Input({"page": "server", "stop": ALL}, "n_clicks"),
        State("server-jobs-shown", "data"),
        prevent_initial_call=True,
    )
    def watch(_count: int, _clicks: list[int | None], shown: list[Any] | None) -> tuple[Any, Any]:
        clicked = ctx.triggered_id
        # A button that has just been drawn calls with no click.
        if isinstance(clicked, dict) and ctx.triggered[0]["value"]:
            system.stop_job(services, clicked["stop"])
        now = [[job.id, job.state, job.message] for job in services.jobs.active()]
        return (no_update, no_update) if now == shown else (_jobs(services), now)

    @site.callback(
        Output("server-log", "children"),
        Output("server-log-shown", "data"),
        Input("server-look", "data"),
        Input("server-log-level", "value"),
        Input("server-log-search", "value"),
        State("server-log-shown", "data"),
        prevent_initial_call=True,
    )
    def read(_count: int, level: str, search: str, shown: list[Any] | None) -> tuple[Any, Any]:
        now = [level, search, (services.workspace.root / logs.FILE).stat().st_mtime_ns]
        return (no_update, no_update) if now == shown else (_log(services, level, search), now)


PAGE = Page(addresses=("/server",), title=lambda: _("Server"), layout=layout, register=register, section="server")
