"""Inference models, a net as ``inference.json`` (graph) and ``inference.pdiparams`` (weights): written and run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import paddle
import paddle.inference

from paddlex_restful.cores import cores_of_job
from paddlex_restful.training.tracing import traced

PREFIX = "inference"
GRAPH_FILES = (f"{PREFIX}.json", f"{PREFIX}.pdmodel")
"""The graph in paddle's own form, and in the older one that quantisation and Paddle-Lite know."""

WEIGHTS_FILE = f"{PREFIX}.pdiparams"
INT8_OPERATORS = ("conv2d", "depthwise_conv2d", "fused_conv2d")
"""What is computed in 8 bits: with pooling and products among it, oneDNN refuses some nets (paddle 3.1.1)."""

CONFIG_FILE = f"{PREFIX}.yml"
"""What PaddleX 3 reads of the model: its name, what is done before the net and after it."""


def save(layer: paddle.nn.Layer, inputs: Sequence[paddle.static.InputSpec], folder: Path) -> None:
    """Write a net as an inference model.

    Args:
        layer: in evaluation mode.
        inputs: names, shapes and types of what it is called with.
        folder: where the files go; it exists.
    """
    with traced(layer, inputs) as net:
        # Paddle-Lite misses the attributes that paddle leaves out of its older form of graphs unless told otherwise.
        paddle.jit.save(net, str(folder / PREFIX), clip_extra=False)


def program(layer: paddle.nn.Layer, inputs: Sequence[Any]) -> Predictor:
    """A net as an inference model in use, with as many threads as this job has cores; nothing is kept on the disk.

    Args:
        layer: as of ``save``.
        inputs: alike.
    """
    with tempfile.TemporaryDirectory(prefix="paddlex-restful-") as name:
        save(layer, inputs, Path(name))
        return Predictor(Path(name), threads=cores_of_job())


class Predictor:
    """An inference model in use on the processor.

    Args:
        folder: holds ``inference.json`` or, in paddle's older form, ``inference.pdmodel``; it is read whole.
        int8: compute in 8 bits what the model was quantised for.
        threads: cores that it uses.
    """

    def __init__(self, folder: Path, *, int8: bool = False, threads: int = 1) -> None:
        graph = next(name for name in GRAPH_FILES if (folder / name).exists())
        config = paddle.inference.Config(str(folder / graph), str(folder / WEIGHTS_FILE))
        config.disable_gpu()
        config.disable_glog_info()
        config.set_cpu_math_library_num_threads(threads)
        if int8:
            config.enable_mkldnn()
            config.enable_mkldnn_int8(set(INT8_OPERATORS))
        self._predictor = paddle.inference.create_predictor(config)

    def __call__(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """What it answers.

        Args:
            inputs: by name; those that it does not ask for are left out.
        """
        for name in self._predictor.get_input_names():
            self._predictor.get_input_handle(name).copy_from_cpu(inputs[name])
        self._predictor.run()
        return [self._predictor.get_output_handle(name).copy_to_cpu() for name in self._predictor.get_output_names()]


def run(folder: Path, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """What an inference model answers, asked once; see ``Predictor``."""
    return Predictor(folder)(inputs)


def names(specs: Sequence[Any]) -> list[str]:
    """Names of inputs, which are given as ``save`` takes them."""
    return [each.name for spec in specs for each in (spec.values() if isinstance(spec, dict) else [spec])]


def size(folder: Path) -> int:
    """Bytes of a model's graph and weights."""
    return sum((folder / name).stat().st_size for name in (*GRAPH_FILES, WEIGHTS_FILE) if (folder / name).exists())
