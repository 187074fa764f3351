"""Nets of all project types, as pruning sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle

from paddlex_restful.params import check_params
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.classification import nets as classifiers
from paddlex_restful.training.complexity import layer_flops
from paddlex_restful.training.detection import nets as detectors
from paddlex_restful.training.pruning.channels import find_channels
from paddlex_restful.training.pruning.pruner import Pruner
from paddlex_restful.training.segmentation import nets as segmenters

CLASSES = 3


def build(project_type: str, model: str, backbone: str | None, side: int) -> paddle.nn.Layer:
    """A net with fresh weights for images of this height and width."""
    if project_type == "classification":
        return classifiers.build_net(model, CLASSES)
    if project_type == "segmentation":
        return segmenters.build_net(model, backbone, CLASSES)
    given: dict[str, Any] = {"model": model, "image_shape": [side, side], "pretrain_weights": None}
    params = check_params(project_type, given | ({"backbone": backbone} if backbone else {}))
    return detectors.build(model, params["backbone"], CLASSES, params, project_type=project_type)


def outputs(project_type: str, net: paddle.nn.Layer) -> Callable[[paddle.Tensor], Any]:
    """All that a net says of images."""
    return adapter(project_type).outputs(net)


def pruner(project_type: str, net: paddle.nn.Layer, side: int) -> Pruner:
    """The pruner of a net."""
    says = outputs(project_type, net)
    channels = find_channels(net, says, side, side)
    return Pruner(net, channels, layer_flops(net, lambda: says(paddle.zeros([1, 3, side, side]))))
