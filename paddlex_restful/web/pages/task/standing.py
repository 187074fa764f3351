"""How a training stands, in words and figures, and the buttons that start and stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from paddlex_restful.jobs import states
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services
from paddlex_restful.services.training import Standing
from paddlex_restful.web.parts import figures, frames
from paddlex_restful.web.parts.confirming import confirming as asking
from paddlex_restful.web.parts.icons import icon

_STAGES: Mapping[str, Callable[[], str]] = {
    "waiting": lambda: _("Waits in the queue"),
    "downloading": lambda: _("Downloads the pretrained weights"),
    "preparing": lambda: _("Reads the images"),
    "training": lambda: _("Trains"),
    "evaluating": lambda: _("Is measured on the validation images"),
    "waiting for disk space": lambda: _("Waits for room on the disk"),
    "saving": lambda: _("Saves the model"),
    "complete": lambda: _("Trained"),
}

_STATES: Mapping[states.State, Callable[[], str]] = {
    states.DONE: lambda: _("Trained"),
    states.STOPPED: lambda: _("Stopped"),
    states.FAILED: lambda: _("Failed"),
    states.STOPPING: lambda: _("Stops"),
}


def panel(standing: Standing) -> Component:
    """What it is doing, how far it is, and why it failed."""
    job, progress = standing.job, standing.progress
    if job is None:
        return frames.nothing(_("Not trained yet"), hint=_("Its curves, its log and its figures will stand here."))
    active = job.active
    title = _doing(standing)
    top: list[Component] = [dmc.Title(title, order=2, size="h4", **{"aria-live": "polite"})]
    if job.state == states.FAILED:
        top.append(_failure(standing))
    elif message := (progress.get("waiting") if standing.stage == "waiting for disk space" else job.message):
        top.append(dmc.Text(sentence(str(message)), size="sm", c="dimmed"))
    percent = _percent(standing)
    if active and percent is not None:
        bar = dmc.Progress(value=percent, size="lg", animated=True, **{"aria-label": title})
        top.append(dmc.Group([dmc.Box(bar, flex=1), dmc.Text(f"{percent:.0f}%", size="sm")], wrap="nowrap"))
    return dmc.Stack([*top, dmc.Group(_figures(standing), gap="xs", align="stretch")], gap="sm")


def _doing(standing: Standing) -> str:
    assert standing.job is not None
    by_state = _STATES.get(standing.job.state)
    return by_state() if by_state is not None else _STAGES.get(standing.stage or "", _STAGES["preparing"])()


def _percent(standing: Standing) -> float | None:
    progress = standing.progress
    if standing.stage == "downloading":
        return (progress.get("download_status") or {}).get("percent")
    if standing.stage == "preparing":
        return progress.get("prepare_percent")
    steps, total = progress.get("step"), progress.get("total_steps")
    return None if not steps or not total else 100 * steps / total


def _figures(standing: Standing) -> list[Component]:
    progress = standing.progress
    metrics = progress.get("train_metrics") or {}
    reached, epochs = metrics.get("Epoch"), progress.get("num_epochs")
    step, steps = metrics.get("Step"), progress.get("steps_per_epoch")
    best, epoch, key = progress.get("best_result"), progress.get("best_epoch"), progress.get("key")
    return [
        frames.figure(_("Epoch"), _of(reached, epochs), _("All training images have been learned from so often.")),
        frames.figure(_("Step"), _of(step, steps), _("Batches of this epoch.")),
        frames.figure(_("Time left"), figures.duration(progress.get("eta")) if standing.active else "–"),
        frames.figure(_("Time taken"), figures.duration(standing.seconds)),
        frames.figure(_("Images a second"), figures.number(progress.get("images_per_second"))),
        frames.figure(
            _("Best: {figure}").format(figure=figures.metric_name(key)) if key else _("Best figure"),
            figures.share(best),
            _("In epoch {epoch}, on the validation images.").format(epoch=epoch) if best is not None else "",
        ),
    ]


def _of(done: Any, all_: Any) -> str:
    if done is None or all_ is None:
        return "–"
    return _("{done} of {all}").format(done=done, all=all_)


def _failure(standing: Standing) -> Component:
    assert standing.job is not None
    end = dmc.Code("\n".join(standing.log_tail), block=True, className="log") if standing.log_tail else None
    parts: list[Any] = [dmc.Text(sentence(standing.job.message))]
    if end is not None:
        parts.append(html.Details([html.Summary(_("The end of its log")), end]))
    return dmc.Alert(dmc.Stack(parts, gap="xs"), title=_("The training failed"), color="red", variant="light")


def controls(services: Services, tid: str, standing: Standing) -> Component | None:
    """What can be done with it: the buttons have the ids ``training-…``."""
    job = standing.job
    if not services.workspace.task(tid).configured:
        return None
    if standing.active:
        assert job is not None
        return dmc.Button(
            _("Stop"),
            id="training-stop",
            leftSection=icon("stop"),
            color="red",
            variant="light",
            loading=job.state == states.STOPPING,
        )
    if job is None:
        return dmc.Button(_("Train"), id="training-start", leftSection=icon("play"))
    again = dmc.Button(_("Train anew"), id="training-anew-ask", variant="default")
    what = _("It begins with the first epoch; the models and curves of the training before are replaced.")
    anew = asking("training-anew", again, _("Train anew?"), what, _("Train anew"))
    if not standing.saved:
        return anew
    chosen = dmc.Select(
        id="training-epoch",
        data=[str(epoch) for epoch in reversed(standing.saved)],
        value=str(standing.saved[-1]),
        allowDeselect=False,
        w=90,
        **{"aria-label": _("Go on after epoch")},
    )
    resume = dmc.Button(_("Go on after epoch"), id="training-resume", leftSection=icon("play"))
    return dmc.Group([dmc.Group([resume, chosen], gap="xs"), anew])
