"""The detectors that tasks can name.

They are put together from ppdet's parts (``training.suites`` imports them), each by a builder in the module of its
family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import paddle

from paddlex_restful.enums import ProjectType
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.training.depthwise import quicken
from paddlex_restful.training.detection.nets import picodet, ppyoloe, rcnn, yolo
from paddlex_restful.training.detection.nets.base import Anchors, DetectionNet, Detections, NetMeta
from paddlex_restful.training.detection.nets.weights import weights_url

__all__ = ["Anchors", "DetectionNet", "Detections", "NetMeta", "build", "optimizer", "weights_url"]

_Builder = Callable[[str, int, Mapping[str, Any]], DetectionNet]

_MOMENTUM = 0.9
_LONGEST_GRADIENT = 35.0

_BUILDERS: Mapping[str, Mapping[str, _Builder]] = {
    ProjectType.DETECTION.value: {
        "YOLOv3": yolo.yolov3,
        "PPYOLO": yolo.ppyolo,
        "PPYOLOTiny": yolo.ppyolo_tiny,
        "PPYOLOv2": yolo.ppyolov2,
        "FasterRCNN": rcnn.faster_rcnn,
        "PicoDet": picodet.picodet,
        **{f"PP-YOLOE_plus-{size}": ppyoloe.of_size(size) for size in "SMLX"},
    },
    ProjectType.INSTANCE_SEGMENTATION.value: {"MaskRCNN": rcnn.mask_rcnn},
}


def build(model: str, backbone: str, classes: int, params: Mapping[str, Any], *, project_type: str) -> DetectionNet:
    """Build a net with fresh weights.

    Args:
        model: name of the model, as in ``params``.
        backbone: one of the model's.
        classes: number of classes, without a background.
        params: the training parameters: ``image_mean``, ``image_std``, ``image_shape``, ``num_epochs``,
            ``pretrain_weights`` and ``with_fpn`` shape the net.
        project_type: "detection" or "instance_segmentation".

    Raises:
        JobFailed: the model is unknown or ppdet is missing.
    """
    builders = _BUILDERS[ProjectType(project_type).value]
    if model not in builders:
        raise JobFailed("model", messages.UNKNOWN_MODEL, model=model, models=", ".join(builders))
    # The guard makes the names of the weights, by which an optimiser's state is kept, those of the net alone.
    with paddle.utils.unique_name.guard():
        return quicken(builders[model](backbone, classes, params))


def optimizer(net: DetectionNet, params: Mapping[str, Any]) -> paddle.optimizer.Optimizer:
    """SGD with momentum 0.9, the net's weight decay (L2), and gradients whose norm is at most 35, as in PP-YOLO."""
    return paddle.optimizer.Momentum(
        learning_rate=float(params["learning_rate"]),
        momentum=_MOMENTUM,
        weight_decay=net.weight_decay,
        grad_clip=paddle.nn.ClipGradByGlobalNorm(_LONGEST_GRADIENT),
        parameters=net.parameters(),
    )
