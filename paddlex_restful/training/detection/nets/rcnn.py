"""Faster R-CNN and Mask R-CNN, with a feature pyramid (FPN) or without, in PaddleDetection's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import paddle

from paddlex_restful.training.detection.nets import backbones
from paddlex_restful.training.detection.nets.base import DetectionNet, Detections, NetMeta, Tensors
from paddlex_restful.training.detection.nets.rcnn_targets import AnchorTargets, MaskTargets, RoiTargets
from paddlex_restful.training.detection.nets.suppression import MulticlassNms
from paddlex_restful.training.suites import ppdet_modeling

_ANCHOR_SIDES = (32, 64, 128, 256, 512)
_RATIOS = [0.5, 1.0, 2.0]
_CANONICAL_SIDE = 224
"""A proposal of this side is looked at on the pyramid's third level; Lin et al., "Feature Pyramid Networks for Object
Detection", 2017, section 4.2."""

_USUAL_SIDE = 400
"""From this short side on the published anchors fit; for smaller images they shrink in proportion."""

_PYRAMID_STRIDES = [4, 8, 16, 32, 64]
_PYRAMID_CHANNELS = 256
_SINGLE_STRIDE = 16

_PROPOSALS = 512
_TESTED = 1000
"""Proposals of an image that the heads look at, in training and in use. Smaller images have room for fewer: for them
the numbers shrink as their area does."""

_LEAST = 32

_OVERLAP = 0.7
"""Proposals that overlap more are one."""

_WEIGHTS = [10.0, 10.0, 5.0, 5.0]
_NMS = MulticlassNms(0.05, 0.5, nms_top_k=-1)

_STAND_IN = [[0.0, 0.0, 0.0, 0.0, 1.0, 1.0]]
"""Found besides all else: operators on masks, and those of oneDNN (paddle 3.1.1), want one box at least. Its score
is 0, no other's is."""


class Rcnn(DetectionNet):
    """Faster R-CNN, or Mask R-CNN where the batches have masks.

    ``forward`` takes one image at a time. Its masks are [k, side, side], spread over the boxes.

    Args:
        backbone: a backbone's name.
        pyramid: whether there is an FPN.
        frozen: whether the start and the normalisations of the backbone stay as the pretrained weights have them.
        short_side: of the images, in pixels.
        meta: what making batches must know.
    """

    sizes_vary = True
    weight_decay = 1e-4

    def __init__(self, backbone: str, *, pyramid: bool, frozen: bool, short_side: int, meta: NetMeta) -> None:
        super().__init__(meta)
        scale = min(1.0, short_side / _USUAL_SIDE)
        self._pyramid = pyramid
        self.backbone = _backbone(backbone, pyramid=pyramid, frozen=frozen)
        self.neck = _neck(self.backbone) if pyramid else None
        channels = backbones.channels(self.neck or self.backbone)[0]
        self.rpn_head = _proposals(channels, pyramid=pyramid, scale=scale)
        depth = 0 if pyramid else int(backbone.removeprefix("ResNet").split("_")[0])
        self.bbox_head = _box_head(channels, depth, frozen=frozen, scale=scale, classes=meta.classes)
        if meta.masks:
            self.mask_head = _mask_head(self.bbox_head, pyramid=pyramid, scale=scale, classes=meta.classes)

    def parts(self, batch: Tensors) -> dict[str, paddle.Tensor]:
        """Losses of proposals, boxes and masks."""
        features = self._features(batch["image"])
        rois, counts, parts = self.rpn_head(features, batch)
        of_boxes, seen = self.bbox_head(features, rois, counts, batch)
        parts |= of_boxes
        if self.meta.masks:
            rois, counts = self.bbox_head.assigned_rois
            targets = self.bbox_head.assigned_targets
            parts |= self.mask_head(features, rois, counts, batch, targets, seen)
        return dict(parts)

    def forward(
        self, image: paddle.Tensor, im_shape: paddle.Tensor, scale_factor: paddle.Tensor
    ) -> tuple[paddle.Tensor, ...]:
        """See ``DetectionNet``; for N = 1."""
        features = self._features(image)
        rois, counts, _loss = self.rpn_head(features, {"im_shape": im_shape})
        (deltas, scores), _head = self.bbox_head(features, rois, counts, None)
        boxes = ppdet_modeling("bbox_utils").delta2bbox(deltas, rois[0], _WEIGHTS)
        size = _sides(im_shape)
        boxes = _clipped(boxes, size)
        rows, counts = _NMS(boxes, scores[:, :-1], counts)
        rows = paddle.concat([rows, paddle.to_tensor(_STAND_IN, "float32")])
        counts = counts + 1
        masks = self._masks(features, rows, counts) if self.meta.masks else None
        scale = _sides(scale_factor)
        original = _clipped(rows[:, 2:] / scale, paddle.round(size / scale))
        rows = paddle.concat([rows[:, :2], original], axis=1)
        return (rows, counts) if masks is None else (rows, counts, masks)

    def detect(self, batch: Tensors) -> list[Detections]:
        """See ``DetectionNet``; one image after another."""
        found = []
        for index in range(len(batch["image"])):
            one = [batch[name][index : index + 1] for name in ("image", "im_shape", "scale_factor")]
            with paddle.no_grad():
                rows, _counts, *masks = (each.numpy() for each in self(*one))
            real = rows[:, 1] > 0
            found.append(Detections.of_rows(rows[real], *(each[real] for each in masks)))
        return found

    def _features(self, image: paddle.Tensor) -> list[paddle.Tensor]:
        features: list[paddle.Tensor] = self.backbone({"image": image})
        return features if self.neck is None else self.neck(features)

    def _masks(self, features: list[paddle.Tensor], rows: paddle.Tensor, counts: paddle.Tensor) -> paddle.Tensor:
        """Of each box the mask of its class, [k, side, side]."""
        seen = self.mask_head.roi_extractor(features, [rows[:, 2:]], counts)
        if not self._pyramid:
            seen = self.bbox_head.head(seen)
        logits = self.mask_head.mask_fcn_logits(self.mask_head.head(seen))
        of_class = paddle.nn.functional.one_hot(rows[:, 0].cast("int64"), self.meta.classes)
        return paddle.nn.functional.sigmoid((logits * of_class.unsqueeze([2, 3])).sum(axis=1))


def faster_rcnn(backbone: str, classes: int, params: Mapping[str, Any]) -> Rcnn:
    """Faster R-CNN."""
    return _build(backbone, classes, params, masks=False)


def mask_rcnn(backbone: str, classes: int, params: Mapping[str, Any]) -> Rcnn:
    """Mask R-CNN."""
    return _build(backbone, classes, params, masks=True)


def _build(backbone: str, classes: int, params: Mapping[str, Any], *, masks: bool) -> Rcnn:
    return Rcnn(
        backbone,
        # HRNet gives outputs of four strides, which only its pyramid can join.
        pyramid=bool(params["with_fpn"]) or backbone.startswith("HRNet"),
        # Normalisations that never learn need weights that did: without, the loss is soon no number.
        frozen=params["pretrain_weights"] is not None,
        short_side=int(min(params["image_shape"])),
        meta=NetMeta.of_params("rcnn", classes, params, masks=masks),
    )


def _backbone(name: str, *, pyramid: bool, frozen: bool) -> paddle.nn.Layer:
    if name == "HRNet_W18":
        return backbones.hrnet_w18(frozen=frozen)
    return backbones.resnet(name, (0, 1, 2, 3) if pyramid else (2,), frozen=frozen)


def _neck(backbone: paddle.nn.Layer) -> paddle.nn.Layer:
    shapes = backbone.out_shape
    settings = {"in_channels": [s.channels for s in shapes], "spatial_scales": [1 / s.stride for s in shapes]}
    if type(backbone).__name__ == "HRNet":
        neck: paddle.nn.Layer = ppdet_modeling("necks.hrfpn").HRFPN(out_channel=_PYRAMID_CHANNELS, **settings)
    else:
        neck = ppdet_modeling("necks.fpn").FPN(out_channel=_PYRAMID_CHANNELS, **settings)
    return neck


def _proposals(channels: int, *, pyramid: bool, scale: float) -> paddle.nn.Layer:
    generator = ppdet_modeling("proposal_generator.anchor_generator").AnchorGenerator
    proposals = ppdet_modeling("proposal_generator.proposal_generator").ProposalGenerator
    suite = ppdet_modeling("proposal_generator.rpn_head")
    sides = [side * scale for side in _ANCHOR_SIDES]

    class RpnHead(suite.RPNHead):  # type: ignore[misc, name-defined]
        """ppdet 2.6.0 joins the numbers of proposals in a way that paddle 3 refuses."""

        def _gen_proposal(
            self, scores: list[Any], bbox_deltas: list[Any], anchors: list[Any], inputs: Tensors
        ) -> tuple[list[paddle.Tensor], paddle.Tensor]:
            generate = self.train_proposal if self.training else self.test_proposal
            rois = []
            for image in range(scores[0].shape[0]):
                one = slice(image, image + 1)
                found = [
                    generate(score[one], deltas[one], level, inputs["im_shape"][one])
                    for score, deltas, level in zip(scores, bbox_deltas, anchors, strict=True)
                ]
                boxes = paddle.concat([each[0] for each in found])
                if pyramid:
                    certainty = paddle.concat([each[1] for each in found]).flatten()
                    surest = certainty.argsort(descending=True)[: generate.post_nms_top_n]
                    boxes = paddle.gather(boxes, surest)
                rois.append(boxes)
            return rois, paddle.concat([paddle.shape(boxes)[:1] for boxes in rois]).cast("int32")

    head: paddle.nn.Layer = RpnHead(
        anchor_generator=generator(
            anchor_sizes=[[side] for side in sides] if pyramid else sides,
            aspect_ratios=list(_RATIOS),
            strides=_PYRAMID_STRIDES if pyramid else [_SINGLE_STRIDE],
        ),
        rpn_target_assign=AnchorTargets(),
        train_proposal=proposals(
            pre_nms_top_n=2000 if pyramid else 12000,
            post_nms_top_n=1000 if pyramid else 2000,
            nms_thresh=_OVERLAP,
            min_size=0.0,
            topk_after_collect=pyramid,
        ),
        test_proposal=proposals(
            pre_nms_top_n=1000 if pyramid else 6000,
            post_nms_top_n=_fewer(_TESTED, scale),
            nms_thresh=_OVERLAP,
            min_size=0.0,
        ),
        in_channel=channels,
    )
    return head


def _fewer(number: int, scale: float) -> int:
    return max(_LEAST, round(number * scale**2))


def _roi_align(resolution: int, *, pyramid: bool, scale: float) -> paddle.nn.Layer:
    strides = _PYRAMID_STRIDES if pyramid else [_SINGLE_STRIDE]
    layer: paddle.nn.Layer = ppdet_modeling("heads.roi_extractor").RoIAlign(
        resolution=resolution,
        spatial_scale=[1 / stride for stride in strides],
        canonical_size=round(_CANONICAL_SIDE * scale),
        aligned=True,
    )
    return layer


def _box_head(channels: int, depth: int, *, frozen: bool, scale: float, classes: int) -> paddle.nn.Layer:
    """The head of boxes; ``depth`` of the ResNet whose last stage it is, 0 with a pyramid."""
    suite = ppdet_modeling("heads.bbox_head")
    if depth:
        head = _last_stage(depth, frozen=frozen)
        width = backbones.channels(head)[0]
    else:
        width = 1024
        head = suite.TwoFCHead(in_channel=channels, out_channel=width, resolution=7)
    layer: paddle.nn.Layer = suite.BBoxHead(
        head=head,
        in_channel=width,
        roi_extractor=_roi_align(14 if depth else 7, pyramid=not depth, scale=scale),
        bbox_assigner=RoiTargets(classes, _fewer(_PROPOSALS, scale)),
        with_pool=bool(depth),
        num_classes=classes,
        bbox_weight=list(_WEIGHTS),
    )
    return layer


def _last_stage(depth: int, *, frozen: bool) -> paddle.nn.Layer:
    suite = ppdet_modeling("backbones.resnet")
    stage: paddle.nn.Layer = suite.Res5Head(depth=depth)
    if not frozen:
        # ppdet 2.6.0 gives this stage normalisations that never learn, whatever the rest of the net has.
        deep = depth >= 50
        stage.res5 = suite.Blocks(
            suite.BottleNeck if deep else suite.BasicBlock,
            1024 if deep else 256,
            512,
            count=3,
            name_adapter=suite.NameAdapter(stage),
            stage_num=5,
            freeze_norm=False,
        )
    return stage


def _mask_head(box_head: paddle.nn.Layer, *, pyramid: bool, scale: float, classes: int) -> paddle.nn.Layer:
    suite = ppdet_modeling("heads.mask_head")
    width = _PYRAMID_CHANNELS if pyramid else backbones.channels(box_head.head)[0]
    layer: paddle.nn.Layer = suite.MaskHead(
        head=suite.MaskFeat(in_channel=width, out_channel=_PYRAMID_CHANNELS, num_convs=4 if pyramid else 0),
        roi_extractor=_roi_align(14, pyramid=pyramid, scale=scale),
        mask_assigner=MaskTargets(classes, 28 if pyramid else 14),
        num_classes=classes,
        share_bbox_feat=not pyramid,
    )
    return layer


def _sides(height_width: paddle.Tensor) -> paddle.Tensor:
    """From [1, 2] height and width to [4] width, height, width, height.

    By slices alone: where the four were stacked from single values, oneDNN gave them another axis (paddle 3.1.1).
    """
    height, width = height_width[0, 0:1], height_width[0, 1:2]
    return paddle.concat([width, height, width, height])


def _clipped(boxes: paddle.Tensor, most: paddle.Tensor) -> paddle.Tensor:
    """Boxes [..., 4] cut at 0 and at ``most`` [4]."""
    return paddle.minimum(boxes.clip(min=0.0), most)
