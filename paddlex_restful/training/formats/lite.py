"""Paddle-Lite models, for phones and small boards: made, and those for x86 run, by another interpreter."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from paddlex_restful.checkpoints import is_complete
from paddlex_restful.cores import THREADS_VARIABLE
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.training import checkpoint, inference_model
from paddlex_restful.training.formats import children, measuring, paddle_lite, programs, quantise
from paddlex_restful.training.formats.facts import Facts
from paddlex_restful.training.formats.model import Answer, Model, named

FILE = f"{inference_model.PREFIX}.nb"

_RUNNABLE = "x86"
_PLACES = {"arm": "arm", "arm_opencl": "opencl,arm", "x86": "x86"}
"""What the clients call the targets, and what paddlelite does."""

_OLD_GRAPH = "paddlex_restful.training.formats.old_graph"
_WARM_UP, _RUNS = 3, 20

_ENVIRONMENT = {THREADS_VARIABLE: "1", "PYTHONPATH": ""}
"""One core, as all are measured on; and none of the modules of this interpreter, which is another Python."""


def write(context: JobContext, model: Model, folder: Path) -> Facts:
    """Write ``inference.nb``, which takes one image at a time, and a program that uses it.

    One for x86 is run and compared with paddle; others cannot be run here.

    Args:
        context: args ``model`` (a checkpoint, or the folder of an export), ``python`` (an interpreter that has
            paddlelite), ``valid_places``, and for x86 ``type`` and ``dataset``.
        model: what is exported.
        folder: to write into.

    Raises:
        JobFailed: it cannot be converted, or it answers otherwise than paddle.
        JobStopped: the job was asked to stop.
    """
    places = context.args["valid_places"]
    with children.work_folder(context) as work:
        context.progress(stage="tracing", percent=20)
        source = _old_graph(context, model, work)
        context.progress(stage="converting", percent=40)
        graph, weights = (source / name for name in (inference_model.GRAPH_FILES[1], inference_model.WEIGHTS_FILE))
        target = (folder / FILE).with_suffix("")
        _paddle_lite(context, model, "convert", [graph, weights, target, _PLACES[places]])
        difference, latency = None, None
        if places == _RUNNABLE:
            context.progress(stage="checking", percent=60)
            difference, latency = _compared(context, model, source, folder / FILE, work)
    (folder / programs.FILE).write_text(programs.text(model.program(), programs.LITE), encoding="utf-8")
    metric = measuring.saved_metric(model) if difference is not None else {}
    more = {"valid_places": places}
    return Facts("lite", difference, metric, latency, quantised=_has_old_graph(context), more=more)


def _old_graph(context: JobContext, model: Model, work: Path) -> Path:
    """A folder with the net in the form that Paddle-Lite knows."""
    source = context.path(context.args["model"])
    if _has_old_graph(context):
        return source
    folder = work / "traced"
    folder.mkdir()
    if is_complete(source):
        trained = source
    else:
        trained = work / "restored"
        checkpoint.save(trained, model.net, model.info)
    command: list[str | Path] = [
        *children.python(_OLD_GRAPH),
        named(type(model)),
        trained,
        folder,
    ]
    try:
        children.run(context, command, children.own_path() | quantise.OLD_GRAPHS)
    except children.ChildFailed as error:
        raise JobFailed("conversion", messages.LITE_FAILED, model=model.info["model"], problem=error) from error
    return folder


def _has_old_graph(context: JobContext) -> bool:
    """Whether what is converted has the older form already: a quantised export."""
    return (context.path(context.args["model"]) / inference_model.GRAPH_FILES[1]).exists()


def _paddle_lite(context: JobContext, model: Model, action: str, arguments: Sequence[Any]) -> None:
    told = orjson.dumps([str(argument) for argument in arguments]).decode()
    command = [context.args["python"], str(paddle_lite.__file__), action, told]
    try:
        children.run(context, command, _ENVIRONMENT)
    except children.ChildFailed as error:
        raise JobFailed("conversion", messages.LITE_FAILED, model=model.info["model"], problem=error) from error


def _compared(context: JobContext, model: Model, source: Path, file: Path, work: Path) -> tuple[float, float]:
    """How far it answers from paddle, and milliseconds for an image."""
    asked, ones = measuring.answers(context, model, inference_model.Predictor(source))
    questions, answers = work / "questions.npz", work / "answers.npz"
    given: dict[str, Any] = {f"{number}.{name}": each for number, one in enumerate(asked) for name, each in one.items()}
    np.savez(questions, **given)
    _paddle_lite(context, model, "run", [file, questions, answers, _WARM_UP, _RUNS])
    with np.load(answers, allow_pickle=False) as found:
        others = [_answer(found, number) for number in range(len(asked))]
        latency = 1000 * statistics.median(found["seconds"].tolist())
    return model.difference(asked, ones, others), round(latency, 3)


def _answer(found: Any, number: int) -> Answer:
    keys = [key for key in found.files if key.startswith(f"{number}.")]
    return [found[key] for key in sorted(keys, key=lambda key: int(key.partition(".")[2]))]
