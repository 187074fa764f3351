"""Inference models whose weights and products have 8 bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paddlex_restful.cores import THREADS_VARIABLE, cores_of_job
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.training import inference_model
from paddlex_restful.training.formats import children, measuring, programs, quantise
from paddlex_restful.training.formats.facts import Facts
from paddlex_restful.training.formats.model import Model, Run, named
from paddlex_restful.training.formats.tuning import tuned

_PROGRAM = "paddlex_restful.training.formats.quantise"

_SMALLER = 2.5
"""How many times smaller the model should become; less is told with its reason."""


def write(context: JobContext, model: Model, folder: Path) -> Facts:
    """Write ``inference.pdmodel`` and ``inference.pdiparams``, quantised, and a program that uses them.

    The net is fine-tuned before with what 8 bits do to it, where that was asked for. Both models are measured as the
    programs beside them run them: on the same images of the validation split, and on one core.

    Args:
        context: args ``model``, ``dataset``, ``type``, ``quant_epochs``.
        model: what is exported.
        folder: to write into.

    Raises:
        JobFailed: it cannot be quantised.
        JobStopped: the job was asked to stop.
    """
    with children.work_folder(context) as work:
        context.progress(stage="tracing", percent=5)
        plain = work / "plain"
        plain.mkdir()
        model.save(plain)
        context.check_stop()
        before = _measured(context, model, plain, inference_model.Predictor(plain))
        checkpoint = context.path(context.args["model"])
        if context.args["quant_epochs"]:
            checkpoint = tuned(context, type(model), checkpoint, work)
        context.progress(stage="tracing", percent=40)
        _quantise(context, model, checkpoint, work, folder)
        context.progress(stage="measuring", percent=70)
        run = inference_model.Predictor(folder, int8=True)
        asked, ones = measuring.answers(context, model, run)
        difference = model.difference(asked, ones, [model.answer(one) for one in asked])
        after = _measured(context, model, folder, run)
    (folder / programs.FILE).write_text(programs.text(model.program(), programs.PADDLE_INT8), encoding="utf-8")
    more = {"before": before, "after": after, "remarks": _remarks(before, after)}
    return Facts("infer", difference, after["metric"], after["latency_ms"], quantised=True, more=more)


def _measured(context: JobContext, model: Model, folder: Path, run: Run) -> dict[str, Any]:
    [first, *_] = measuring.real_inputs(context, model)
    return {
        "metric": measuring.metric(context, model, run),
        "size": inference_model.size(folder),
        "latency_ms": measuring.latency(context, run, first),
    }


def _quantise(context: JobContext, model: Model, checkpoint: Path, work: Path, folder: Path) -> None:
    order = quantise.Order(
        load=named(type(model)),
        checkpoint=str(checkpoint),
        type=context.args["type"],
        dataset=str(context.path(context.args["dataset"])),
        work=str(work),
        target=str(folder),
    )

    def look() -> None:
        if (work / quantise.CALIBRATING).exists():
            context.progress(stage="calibrating", percent=50)

    environment = children.own_path() | quantise.OLD_GRAPHS | {THREADS_VARIABLE: str(cores_of_job())}
    try:
        children.run(context, [*children.python(_PROGRAM), order.to_json()], environment, look)
    except children.ChildFailed as error:
        raise JobFailed(
            "quantisation", messages.QUANTISATION_FAILED, model=model.info["model"], problem=error
        ) from error


def _remarks(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What did not become better, in sentences."""
    remarks = []
    times = before["size"] / after["size"]
    if times < _SMALLER:
        remarks.append(messages.NOT_MUCH_SMALLER.format(times=times, least=_SMALLER))
    if after["latency_ms"] >= before["latency_ms"]:
        remarks.append(messages.NOT_FASTER.format(before=before["latency_ms"], after=after["latency_ms"]))
    return remarks
