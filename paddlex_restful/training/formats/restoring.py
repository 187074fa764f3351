"""A model from a folder that an export wrote, which has no checkpoint any more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import paddle
import yaml

from paddlex_restful.checkpoints import INFO_FILE
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.training import checkpoint, inference_model, yamlfile
from paddlex_restful.training.formats.model import Model
from paddlex_restful.training.pruning.shapes import give_shapes

_NUMBERED = re.compile(r"_\d+$")
"""Paddle numbers the names of what it loads."""


def restored(folder: Path, load: type[Model], work: Path) -> Model:
    """The model with the weights of an inference model; of a quantised one without its weights.

    Args:
        folder: what the export wrote.
        load: reads a checkpoint.
        work: a folder for what lies between.

    Raises:
        JobFailed: it is no such folder, or it was written by another version.
    """
    info = _info(folder)
    try:
        net = load.net_of(info)
        if "pruning" in info:
            give_shapes(net, info["pruning"]["shapes"])
        fresh = work / "fresh"
        checkpoint.save(fresh, net, info)
        model = load(fresh)
        if (folder / inference_model.GRAPH_FILES[0]).exists():
            _give_weights(model, folder)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:  # whatever a stranger's files hold
        raise JobFailed("model_path", messages.NOT_RESTORED, folder=folder) from error
    return model


def _give_weights(model: Model, folder: Path) -> None:
    loaded = paddle.jit.load(str(folder / inference_model.PREFIX))
    weights = {_NUMBERED.sub("", each.name): each for each in (*loaded.parameters(), *loaded.buffers())}
    for weight in model.traced()[0].state_dict().values():
        weight.set_value(weights[weight.name])


def _info(folder: Path) -> Mapping[str, Any]:
    try:
        info = yamlfile.read(folder / INFO_FILE)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise JobFailed("model_path", messages.NOT_RESTORED, folder=folder) from error
    if not isinstance(info, dict) or not {"type", "model", "labels", "params"} <= info.keys():
        raise JobFailed("model_path", messages.NOT_RESTORED, folder=folder)
    return info
