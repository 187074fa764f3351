"""Inference models, a net as ``inference.json`` (graph) and ``inference.pdiparams`` (weights): written and run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import paddle
import paddle.inference
import yaml
from paddle.jit.dy2static.utils import get_temp_dir

PREFIX = "inference"
CONFIG_FILE = f"{PREFIX}.yml"
"""What PaddleX 3 reads of the model: its name, what is done before the net and after it."""

EXAMPLE_FILE = "example.py"
"""A short program that uses the model."""


def save(layer: paddle.nn.Layer, inputs: Sequence[paddle.static.InputSpec], folder: Path) -> None:
    """Write a net as an inference model.

    Args:
        layer: in evaluation mode.
        inputs: names, shapes and types of what it is called with.
        folder: where the files go; it exists.
    """
    try:
        traced = paddle.jit.to_static(layer, input_spec=list(inputs), full_graph=True)
        paddle.jit.save(traced, str(folder / PREFIX))
    finally:
        # Paddle removes the sources that it generates when its process exits, which a job's does not in the usual way.
        shutil.rmtree(get_temp_dir(), ignore_errors=True)


def run(folder: Path, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """What an inference model answers, on the processor.

    Args:
        folder: holds the model.
        inputs: by name.
    """
    config = paddle.inference.Config(str(folder / f"{PREFIX}.json"), str(folder / f"{PREFIX}.pdiparams"))
    config.disable_gpu()
    config.disable_glog_info()
    predictor = paddle.inference.create_predictor(config)
    for name, value in inputs.items():
        predictor.get_input_handle(name).copy_from_cpu(value)
    predictor.run()
    return [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]


def write_yaml(file: Path, content: Mapping[str, Any]) -> None:
    """Write plain content as YAML, readable and in its order."""
    file.write_text(yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False), encoding="utf-8")
