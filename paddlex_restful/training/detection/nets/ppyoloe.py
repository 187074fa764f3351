"""PP-YOLOE+ in its four sizes.

Xu et al., "PP-YOLOE: An Evolved Version of YOLO", 2022; the settings are PaddleDetection's of the "plus" version.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import paddle

from paddlex_restful.training.detection.nets import backbones
from paddlex_restful.training.detection.nets.assigners import aligned_points, nearest_points
from paddlex_restful.training.detection.nets.base import DetectionNet, NetMeta, Tensors
from paddlex_restful.training.detection.nets.suppression import MulticlassNms
from paddlex_restful.training.suites import ppdet_modeling

_MULTIPLES = {"S": (0.33, 0.50), "M": (0.67, 0.75), "L": (1.0, 1.0), "X": (1.33, 1.25)}
"""Of each size: of the numbers of layers and of channels."""

_STRIDES = (32, 16, 8)

_NEAREST_SHARE = 30 / 80
"""Of the epochs, those in which points near the centres learn an object; later the best do."""

_NMS = MulticlassNms(0.01, 0.7, keep_top_k=300)


class PPYoloE(DetectionNet):
    """PP-YOLOE+.

    Args:
        depth: multiple of the numbers of layers.
        width: multiple of the numbers of channels.
        meta: what making batches must know.
        epochs: of the training.
    """

    takes_im_shape = False

    def __init__(self, depth: float, width: float, meta: NetMeta, epochs: int) -> None:
        super().__init__(meta)
        multiples = {"depth_mult": depth, "width_mult": width}
        self.backbone = backbones.cspresnet(**multiples)
        self.neck = ppdet_modeling("necks.custom_pan").CustomCSPPAN(
            in_channels=backbones.channels(self.backbone),
            out_channels=[768, 384, 192],
            stage_num=1,
            block_num=3,
            act="swish",
            spp=True,
            **multiples,
        )
        self.yolo_head = ppdet_modeling("heads.ppyoloe_head").PPYOLOEHead(
            in_channels=backbones.channels(self.neck),
            num_classes=meta.classes,
            fpn_strides=_STRIDES,
            static_assigner_epoch=round(epochs * _NEAREST_SHARE),
            static_assigner=nearest_points(meta.classes),
            assigner=aligned_points(),
            nms=None,
            loss_weight={"class": 1.0, "iou": 2.5, "dfl": 0.5},
        )

    def parts(self, batch: Tensors) -> dict[str, paddle.Tensor]:
        """Losses of classes, overlaps and the distributions of the sides."""
        targets = {**batch, "epoch_id": batch["epoch"] - 1}
        parts: dict[str, paddle.Tensor] = self.yolo_head(self.neck(self.backbone(batch)), targets)
        return parts

    def forward(
        self, image: paddle.Tensor, im_shape: paddle.Tensor | None, scale_factor: paddle.Tensor
    ) -> tuple[paddle.Tensor, paddle.Tensor]:
        """See ``DetectionNet``."""
        scores, distances, points, strides = self.yolo_head(self.neck(self.backbone({"image": image})))
        boxes = ppdet_modeling("bbox_utils").batch_distance2bbox(points, distances) * strides
        return _NMS(in_original(boxes, image, scale_factor), scores)

    def deployable(self) -> PPYoloE:
        """A copy in which each pair of convolutions, which only learn better as two, is one; it answers the same."""
        one = copy.deepcopy(self)
        for layer in one.sublayers():
            if hasattr(layer, "convert_to_deploy"):
                # Of a pruned net, fewer than it was made with.
                layer.ch_out, layer.ch_in = layer.conv1.conv.weight.shape[:2]
                layer.convert_to_deploy()
        return one


def in_original(boxes: paddle.Tensor, image: paddle.Tensor, scale_factor: paddle.Tensor) -> paddle.Tensor:
    """Boxes [N, M, 4] of an input [N, 3, H, W] in pixels of the original images, cut at the edges."""
    height, width = image.shape[2:]
    inside = paddle.minimum(boxes.clip(min=0.0), paddle.to_tensor([width, height, width, height], "float32"))
    down, across = paddle.split(scale_factor, 2, axis=-1)
    return inside / paddle.concat([across, down, across, down], axis=-1).unsqueeze(1)


def of_size(size: str) -> Callable[[str, int, Mapping[str, Any]], PPYoloE]:
    """The builder of a size: "S", "M", "L" or "X"."""
    depth, width = _MULTIPLES[size]

    def build(_backbone: str, classes: int, params: Mapping[str, Any]) -> PPYoloE:
        meta = NetMeta.of_params("anchor_free", classes, params)
        return PPYoloE(depth, width, meta, int(params["num_epochs"]))

    return build
