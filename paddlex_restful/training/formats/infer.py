"""Inference models, for paddle.inference and PaddleX 3."""

from __future__ import annotations

from pathlib import Path

from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training import inference_model
from paddlex_restful.training.formats import measuring, programs
from paddlex_restful.training.formats.facts import Facts
from paddlex_restful.training.formats.model import Model


def write(context: JobContext, model: Model, folder: Path) -> Facts:
    """Write ``inference.json`` (the net), ``inference.pdiparams`` (its weights) and a program that uses them.

    Raises:
        JobStopped: the job was asked to stop.
    """
    context.progress(stage="tracing", percent=20)
    model.save(folder)
    context.check_stop()
    context.progress(stage="checking", percent=60)
    run = inference_model.Predictor(folder)
    difference = model.difference_from_net(run)
    latency = measuring.latency(context, run, model.inputs(next(model.made_up())))
    (folder / programs.FILE).write_text(programs.text(model.program(), programs.PADDLE), encoding="utf-8")
    metric = measuring.saved_metric(model)
    return Facts("infer", difference, metric, latency, paddlex_name=model.paddlex_name)
