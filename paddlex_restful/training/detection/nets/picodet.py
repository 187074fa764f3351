"""PicoDet.

Yu et al., "PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices", 2021; head, neck and loss are those of
PaddleDetection's second version (LCPAN, PicoHeadV2), on every backbone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import paddle

from paddlex_restful.training.detection.nets import backbones
from paddlex_restful.training.detection.nets.assigners import aligned_points, nearest_points
from paddlex_restful.training.detection.nets.base import DetectionNet, NetMeta, Tensors
from paddlex_restful.training.detection.nets.ppyoloe import in_original
from paddlex_restful.training.detection.nets.suppression import MulticlassNms
from paddlex_restful.training.suites import ppdet_modeling

_STRIDES = [8, 16, 32, 64]
_CELL = 5.0
_OFFSET = 0.5
_REACH = 7
"""A side of a box is at most so many cells from its point."""

_NEAREST_SHARE = 100 / 300
"""Of the epochs, those in which points near the centres learn an object; later the best do."""

_NMS = MulticlassNms(0.025, 0.6)

_CHANNELS = {"ESNet_s": 96, "ESNet_l": 160}
"""Of the neck; those not named have 128."""


class PicoDet(DetectionNet):
    """PicoDet.

    Args:
        backbone: gives outputs of the strides 8, 16 and 32.
        channels: of neck and head: 96, 128 or 160.
        meta: what making batches must know.
        epochs: of the training.
    """

    takes_im_shape = False
    weight_decay = 4e-5

    def __init__(self, backbone: paddle.nn.Layer, channels: int, meta: NetMeta, epochs: int) -> None:
        super().__init__(meta)
        self._nearest_epochs = round(epochs * _NEAREST_SHARE)
        heads, losses = ppdet_modeling("heads.pico_head"), ppdet_modeling("losses.iou_loss")
        focal, distribution = ppdet_modeling("losses.varifocal_loss"), ppdet_modeling("losses.gfocal_loss")
        self.backbone = backbone
        self.neck = ppdet_modeling("necks.lc_pan").LCPAN(
            # ppdet appends to these lists, its own default among them.
            in_channels=list(backbones.channels(backbone)),
            out_channels=channels,
            num_features=len(_STRIDES),
            spatial_scales=[0.125, 0.0625, 0.03125],
        )
        self.head = heads.PicoHeadV2(
            conv_feat=heads.PicoFeat(
                feat_in=channels,
                feat_out=channels,
                num_convs=2 if channels < 128 else 4,
                num_fpn_stride=len(_STRIDES),
                share_cls_reg=True,
                use_se=True,
            ),
            num_classes=meta.classes,
            fpn_stride=list(_STRIDES),
            feat_in_chan=channels,
            reg_max=_REACH,
            cell_offset=_OFFSET,
            grid_cell_scale=_CELL,
            static_assigner=nearest_points(meta.classes),
            assigner=aligned_points(),
            loss_class=focal.VarifocalLoss(use_sigmoid=False),
            loss_dfl=distribution.DistributionFocalLoss(loss_weight=0.5),
            loss_bbox=losses.GIoULoss(loss_weight=2.5),
        )

    def parts(self, batch: Tensors) -> dict[str, paddle.Tensor]:
        """Losses of classes, overlaps and the distributions of the sides.

        They are ppdet's, but that the sum of the scores by which they are divided is at least 1, as in PP-YOLOE's:
        without objects, or when no guess overlaps one yet, ppdet divides by zero.
        """
        features = self.neck(self.backbone(batch))
        scores, distances, boxes, _features = self.head(features)
        labels, targets, certainties, centres, strides = self._assigned(batch, features, scores, boxes)
        total = certainties.sum().clip(min=1.0)
        parts = {"loss_vfl": self._sum_by_class(scores, certainties) / total}
        learnt = labels < self.meta.classes
        if not bool(learnt.any()):
            return parts | {"loss_bbox": boxes.sum() * 0.0, "loss_dfl": distances.sum() * 0.0}
        weights = certainties.max(axis=-1)[learnt].unsqueeze(-1)
        goals = targets[learnt]
        points = (centres / strides).unsqueeze(0).expand([*labels.shape, 2])[learnt]
        reaches = ppdet_modeling("bbox_utils").bbox2distance(points, goals, _REACH)
        return parts | {
            "loss_bbox": (self.head.loss_bbox(boxes[learnt], goals) * weights).sum() / total,
            "loss_dfl": self.head.loss_dfl(
                distances[learnt].reshape([-1, _REACH + 1]),
                reaches.reshape([-1]),
                weight=weights.expand([-1, 4]).reshape([-1]),
                avg_factor=4.0,
            )
            / total,
        }

    def _assigned(
        self, batch: Tensors, features: list[paddle.Tensor], scores: paddle.Tensor, boxes: paddle.Tensor
    ) -> tuple[paddle.Tensor, ...]:
        """Of each point its class, its box in cells and how sure of each class it should be; its place and stride."""
        utilities = ppdet_modeling("assigners.utils")
        anchors, centres, numbers, strides = utilities.generate_anchors_for_grid_cell(
            features, _STRIDES, _CELL, _OFFSET
        )
        guessed = boxes.detach() * strides
        objects = (batch["gt_class"], batch["gt_bbox"], batch["pad_gt_mask"])
        if batch["epoch"] <= self._nearest_epochs:
            labels, targets, certainties, _positive = self.head.static_assigner(
                anchors, numbers, *objects, bg_index=self.meta.classes, pred_bboxes=guessed
            )
        else:
            labels, targets, certainties, _positive = self.head.assigner(
                scores.detach(), guessed, centres, numbers, *objects, bg_index=self.meta.classes
            )
        return labels, targets / strides, certainties, centres, strides

    def _sum_by_class(self, scores: paddle.Tensor, certainties: paddle.Tensor) -> paddle.Tensor:
        shape = [-1, self.meta.classes]
        return self.head.loss_vfl(scores.reshape(shape), certainties.reshape(shape), avg_factor=1.0)

    def forward(
        self, image: paddle.Tensor, im_shape: paddle.Tensor | None, scale_factor: paddle.Tensor
    ) -> tuple[paddle.Tensor, paddle.Tensor]:
        """See ``DetectionNet``."""
        scores, boxes = self.head(self.neck(self.backbone({"image": image})))
        return _NMS(in_original(boxes, image, scale_factor), scores)


def picodet(backbone: str, classes: int, params: Mapping[str, Any]) -> PicoDet:
    """PicoDet on any of its backbones; LCNet is the one with 1.5 times the channels."""
    if backbone.startswith("ESNet"):
        seen = backbones.esnet(backbone)
    elif backbone == "LCNet":
        seen = backbones.lcnet(1.5)
    elif backbone == "MobileNetV3":
        seen = backbones.mobilenet_v3()
    else:
        seen = backbones.resnet(backbone, (1, 2, 3))
    meta = NetMeta.of_params("anchor_free", classes, params)
    return PicoDet(seen, _CHANNELS.get(backbone, 128), meta, int(params["num_epochs"]))
