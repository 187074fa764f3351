"""ONNX: the inference model converted, and compared with paddle on real images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.training import inference_model
from paddlex_restful.training.formats import children, measuring, programs
from paddlex_restful.training.formats.facts import Facts
from paddlex_restful.training.formats.model import Answer, Inputs, Model

FILE = f"{inference_model.PREFIX}.onnx"

_CONVERTER = "paddlex_restful.training.formats.paddle_to_onnx"

_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
"""How onnxruntime tells that it cannot run a model."""


class Session:
    """An ONNX model in use on one core of the processor.

    Args:
        file: the model.
    """

    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def __call__(self, inputs: Inputs) -> Answer:
        """What it answers; inputs that it does not ask for are left out."""
        wanted = {each.name: np.asarray(inputs[each.name], np.float32) for each in self._session.get_inputs()}
        answer: Answer = self._session.run(None, wanted)
        return answer


def write(context: JobContext, model: Model, folder: Path) -> Facts:
    """Write ``inference.onnx`` and a program that uses it.

    It takes any number of images where the inference model does; the choice among detections (NMS) converts for one
    image at a time only.

    Args:
        context: args ``dataset``, ``type``, ``opset``.
        model: what is exported.
        folder: to write into.

    Raises:
        JobFailed: it cannot be converted, onnxruntime cannot run it, or it answers otherwise than paddle.
        JobStopped: the job was asked to stop.
    """
    with children.work_folder(context) as work:
        context.progress(stage="tracing", percent=20)
        model.save(work, single=model.chooses)
        context.check_stop()
        context.progress(stage="converting", percent=40)
        file = folder / FILE
        try:
            convert(context, work, file, int(context.args["opset"]))
        except children.ChildFailed as error:
            raise JobFailed("conversion", messages.ONNX_FAILED, model=model.info["model"], problem=error) from error
        context.progress(stage="checking", percent=60)
        paddle_run = inference_model.Predictor(work)
        try:
            run = Session(file)
            asked, ones = measuring.answers(context, model, run)
        except _ERRORS as error:
            raise JobFailed("conversion", messages.ONNX_NOT_RUN, model=model.info["model"], problem=error) from error
        difference = model.difference(asked, ones, [paddle_run(one) for one in asked])
        latency = measuring.latency(context, run, asked[0])
    (folder / programs.FILE).write_text(programs.text(model.program(), programs.ONNX), encoding="utf-8")
    opset = max(each.version for each in onnx.load(file).opset_import if not each.domain)
    return Facts("onnx", difference, measuring.saved_metric(model), latency, more={"opset": opset})


def convert(context: JobContext, source: Path, target: Path, opset: int) -> None:
    """Convert an inference model in a process of its own.

    Args:
        context: the job.
        source: folder of the inference model.
        target: the file to write.
        opset: version of the set of operators; where the net needs a later one, that is taken.

    Raises:
        ChildFailed: paddle2onnx could not.
        JobStopped: the job was asked to stop.
    """
    graph = next(source / name for name in inference_model.GRAPH_FILES if (source / name).exists())
    command: list[str | Path] = [
        *children.python(_CONVERTER),
        graph,
        source / inference_model.WEIGHTS_FILE,
        target,
        str(opset),
    ]
    children.run(context, command, children.own_path())
