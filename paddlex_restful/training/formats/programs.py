"""The short programs that lie beside exported models and use them."""

from __future__ import annotations

from dataclasses import dataclass

from paddlex_restful.training import inference_model

FILE = "example.py"

_TEXT = '''\
"""{title}: python example.py picture.jpg"""
import sys
from pathlib import Path
import cv2
import numpy as np
import {package}

labels = {labels!r}
folder = Path(__file__).parent
{load}
image = cv2.imdecode(np.fromfile(sys.argv[1], np.uint8), cv2.IMREAD_COLOR)
{prepare}
{run}
{show}
'''


@dataclass(frozen=True)
class Program:
    """What is particular to a model.

    Attributes:
        title: what the program does, in a few words.
        labels: names of the classes.
        prepare: lines that make ``inputs``, arrays by name, from ``image``.
        show: lines that tell what ``outputs``, arrays, say.
    """

    title: str
    labels: list[str]
    prepare: str
    show: str


@dataclass(frozen=True)
class Runtime:
    """What is particular to what runs it.

    Attributes:
        package: that it needs, besides numpy and OpenCV.
        load: lines that load the model from ``folder``.
        run: lines that make ``outputs`` from ``inputs``.
    """

    package: str
    load: str
    run: str


_RUN_PADDLE = """\
for name in net.get_input_names():
    net.get_input_handle(name).copy_from_cpu(np.asarray(inputs[name], np.float32))
net.run()
outputs = [net.get_output_handle(name).copy_to_cpu() for name in net.get_output_names()]"""

_LOAD_PADDLE = """\
config = paddle.inference.Config(str(folder / "{graph}"), str(folder / "inference.pdiparams"))
{settings}net = paddle.inference.create_predictor(config)"""

PADDLE = Runtime("paddle.inference", _LOAD_PADDLE.format(graph="inference.json", settings=""), _RUN_PADDLE)

_INT8 = f"config.enable_mkldnn()\nconfig.enable_mkldnn_int8(set({inference_model.INT8_OPERATORS!r}))\n"

PADDLE_INT8 = Runtime(
    "paddle.inference",
    _LOAD_PADDLE.format(graph="inference.pdmodel", settings=_INT8),
    _RUN_PADDLE,
)

ONNX = Runtime(
    "onnxruntime",
    'net = onnxruntime.InferenceSession(str(folder / "inference.onnx"))',
    """\
wanted = [each.name for each in net.get_inputs()]
outputs = net.run(None, {name: np.asarray(inputs[name], np.float32) for name in wanted})""",
)

LITE = Runtime(
    "paddlelite.lite as lite",
    """\
config = lite.MobileConfig()
config.set_model_from_file(str(folder / "inference.nb"))
net = lite.create_paddle_predictor(config)""",
    """\
for index, name in enumerate(net.get_input_names()):
    net.get_input(index).from_numpy(np.asarray(inputs[name], np.float32))
net.run()
outputs = [net.get_output(index).numpy() for index in range(len(net.get_output_names()))]""",
)


def text(program: Program, runtime: Runtime) -> str:
    """The program."""
    return _TEXT.format(
        title=program.title,
        package=runtime.package,
        labels=program.labels,
        load=runtime.load,
        prepare=program.prepare,
        run=runtime.run,
        show=program.show,
    )
