"""The YOLO family: YOLOv3, PP-YOLO, PP-YOLO tiny and PP-YOLOv2, in PaddleDetection's settings.

Long et al., "PP-YOLO: An Effective and Efficient Implementation of Object Detector", 2020; Huang et al., "PP-YOLOv2: A
Practical Object Detector", 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import paddle

from paddlex_restful.training.detection.nets import backbones
from paddlex_restful.training.detection.nets.base import Anchors, DetectionNet, NetMeta, Tensors
from paddlex_restful.training.detection.nets.suppression import MatrixNms, MulticlassNms
from paddlex_restful.training.suites import ppdet_modeling

Sizes = tuple[tuple[int, int], ...]

_COCO_SIZES: Sizes = ((10, 13), (16, 30), (33, 23), (30, 61), (62, 45), (59, 119), (116, 90), (156, 198), (373, 326))
_TINY_SIZES: Sizes = ((10, 15), (24, 36), (72, 42), (35, 87), (102, 96), (60, 170), (220, 125), (128, 222), (264, 266))
_MOBILE_SIZES: Sizes = ((11, 18), (34, 47), (51, 126), (115, 71), (120, 195), (254, 235))
_RESNET18_SIZES: Sizes = ((10, 14), (23, 27), (37, 58), (81, 82), (135, 169), (344, 319))

# The input sizes at which PaddleDetection trained with these anchors.
_USUAL_SIDES = (320, 608)
_TINY_SIDES = (192, 512)


_MATRIX_NMS = MatrixNms(0.01)


@dataclass(frozen=True)
class _Settings:
    """How the members of the family differ.

    Attributes:
        neck: makes the neck from the backbone's channels.
        ignored: a wrong guess that overlaps an object by so much is not held against the net.
        grid: how far beyond its cell a centre can be told; 1: not at all.
        boxes_overlap: whether the overlap of boxes is part of the loss.
        aware: how much the overlap that the net expects of a box counts in its score; 0: it expects none.
        nms: what comes after.
        sizes: of the anchors.
        sides: shortest and longest input for which these anchors are.
        confidence: cells that are less sure are passed over.
    """

    neck: Callable[[list[int]], paddle.nn.Layer]
    ignored: float = 0.7
    grid: float = 1.05
    boxes_overlap: bool = True
    aware: float = 0.0
    nms: MulticlassNms | MatrixNms = _MATRIX_NMS
    sizes: Sizes = _COCO_SIZES
    sides: tuple[int, int] = _USUAL_SIDES
    confidence: float = 0.01


def anchors_for(sizes: Sizes, sides: tuple[int, int], image_shape: list[int]) -> Anchors:
    """Anchors that fit an input size.

    Published anchors suit the sizes at which they were trained and stay as they are there. For a smaller or larger
    input they shrink or grow in proportion: otherwise no object of a small image would be as large as most of them.

    Args:
        sizes: the published anchors, three for each output of the head, the smallest first.
        sides: shortest and longest input for which they are.
        image_shape: height and width of the input.
    """
    side = min(image_shape)
    scale = side / min(max(side, sides[0]), sides[1])
    scaled = tuple((max(1, round(width * scale)), max(1, round(height * scale))) for width, height in sizes)
    outputs = len(sizes) // 3
    levels = tuple((3 * level, 3 * level + 1, 3 * level + 2) for level in reversed(range(outputs)))
    return Anchors(scaled, levels, tuple(32 >> level for level in range(outputs)))


class Yolo(DetectionNet):
    """A net of the YOLO family.

    Args:
        backbone: gives the outputs of the coarsest strides, finest first.
        settings: of the member.
        meta: with anchors.
    """

    def __init__(self, backbone: paddle.nn.Layer, settings: _Settings, meta: NetMeta) -> None:
        super().__init__(meta)
        assert meta.anchors is not None
        self._anchors = meta.anchors
        self._settings = settings
        losses = ppdet_modeling("losses.iou_loss")
        aware = ppdet_modeling("losses.iou_aware_loss")
        sizes = [list(size) for size in meta.anchors.sizes]
        levels = [list(level) for level in meta.anchors.levels]
        self.backbone = backbone
        self.neck = settings.neck(backbones.channels(backbone))
        self.yolo_head = ppdet_modeling("heads.yolo_head").YOLOv3Head(
            in_channels=backbones.channels(self.neck),
            anchors=sizes,
            anchor_masks=levels,
            num_classes=meta.classes,
            loss=ppdet_modeling("losses.yolo_loss").YOLOv3Loss(
                num_classes=meta.classes,
                ignore_thresh=settings.ignored,
                downsample=list(meta.anchors.strides),
                scale_x_y=settings.grid,
                iou_loss=losses.IouLoss(loss_weight=2.5, loss_square=True) if settings.boxes_overlap else None,
                iou_aware_loss=aware.IouAwareLoss(loss_weight=1.0) if settings.aware else None,
            ),
            iou_aware=bool(settings.aware),
            iou_aware_factor=settings.aware,
        )

    def parts(self, batch: Tensors) -> dict[str, paddle.Tensor]:
        """Losses of centres, sides, overlaps, objectness and classes."""
        parts: dict[str, paddle.Tensor] = self.yolo_head(self.neck(self.backbone(batch)), batch)
        return parts

    def forward(
        self, image: paddle.Tensor, im_shape: paddle.Tensor, scale_factor: paddle.Tensor
    ) -> tuple[paddle.Tensor, paddle.Tensor]:
        """See ``DetectionNet``."""
        outputs = self.yolo_head(self.neck(self.backbone({"image": image})))
        original = paddle.round(im_shape / scale_factor).cast("int32")
        found = [
            paddle.vision.ops.yolo_box(
                output,
                original,
                [side for anchor in level for side in self._anchors.sizes[anchor]],
                self.meta.classes,
                self._settings.confidence,
                stride,
                clip_bbox=False,  # the operator leaves the last pixel out, and boxes beyond the first
                scale_x_y=self._settings.grid,
            )
            for output, level, stride in zip(outputs, self._anchors.levels, self._anchors.strides, strict=True)
        ]
        edges = paddle.concat([original[:, 1:], original[:, :1]] * 2, axis=1).cast("float32").unsqueeze(1)
        boxes = paddle.minimum(paddle.concat([boxes for boxes, _scores in found], axis=1).clip(min=0.0), edges)
        scores = paddle.concat([scores for _boxes, scores in found], axis=1).transpose([0, 2, 1])
        return self._settings.nms(boxes, scores)


def _fpn(name: str, **options: Any) -> Callable[[list[int]], paddle.nn.Layer]:
    def make(channels: list[int]) -> paddle.nn.Layer:
        neck: paddle.nn.Layer = getattr(ppdet_modeling("necks.yolo_fpn"), name)(in_channels=channels, **options)
        return neck

    return make


_YOLOV3_NMS = MulticlassNms(0.01, 0.45)
_MOBILE_NMS = MulticlassNms(0.005, 0.45)

_YOLOV3 = _Settings(_fpn("YOLOv3FPN"), grid=1.0, boxes_overlap=False, nms=_YOLOV3_NMS, confidence=0.005)
_PPYOLO = _Settings(_fpn("PPYOLOFPN", coord_conv=True, drop_block=True, spp=True), aware=0.4)
_PPYOLO_R18 = _Settings(_fpn("PPYOLOFPN", conv_block_num=0, drop_block=True), sizes=_RESNET18_SIZES)
_PPYOLO_MOBILE = _Settings(
    _fpn("PPYOLOFPN", coord_conv=True, conv_block_num=0, spp=True, drop_block=True),
    ignored=0.5,
    nms=_MOBILE_NMS,
    sizes=_MOBILE_SIZES,
    confidence=0.005,
)
_PPYOLO_TINY = _Settings(
    _fpn("PPYOLOTinyFPN", detection_block_channels=[160, 128, 96], spp=True, drop_block=True),
    ignored=0.5,
    nms=_MOBILE_NMS,
    sizes=_TINY_SIZES,
    sides=_TINY_SIDES,
    confidence=0.005,
)
_PPYOLOV2 = _Settings(_fpn("PPYOLOPAN", drop_block=True, spp=True), aware=0.5)


def yolov3(backbone: str, classes: int, params: Mapping[str, Any]) -> Yolo:
    """YOLOv3 on any of its backbones."""
    if backbone == "DarkNet53":
        seen = backbones.darknet53()
    elif backbone.startswith("MobileNetV1"):
        seen = backbones.mobilenet_v1()
    elif backbone.startswith("MobileNetV3"):
        seen = backbones.mobilenet_v3()
    else:
        seen = backbones.resnet(backbone, (1, 2, 3))
    return _build(seen, _YOLOV3, classes, params)


def ppyolo(backbone: str, classes: int, params: Mapping[str, Any]) -> Yolo:
    """PP-YOLO; its light backbones have outputs of two strides, the others of three."""
    if backbone == "ResNet18_vd":
        return _build(backbones.resnet(backbone, (2, 3)), _PPYOLO_R18, classes, params)
    if backbone.startswith("MobileNetV3"):
        size = backbone.removeprefix("MobileNetV3_")
        blocks = (13, 16) if size == "large" else (9, 12)
        return _build(backbones.mobilenet_v3(blocks, size=size), _PPYOLO_MOBILE, classes, params)
    return _build(backbones.resnet(backbone, (1, 2, 3)), _PPYOLO, classes, params)


def ppyolo_tiny(_backbone: str, classes: int, params: Mapping[str, Any]) -> Yolo:
    """PP-YOLO tiny; whatever backbone is named, it has MobileNetV3 with half the channels."""
    return _build(backbones.mobilenet_v3(scale=0.5), _PPYOLO_TINY, classes, params)


def ppyolov2(backbone: str, classes: int, params: Mapping[str, Any]) -> Yolo:
    """PP-YOLOv2."""
    return _build(backbones.resnet(backbone, (1, 2, 3)), _PPYOLOV2, classes, params)


def _build(backbone: paddle.nn.Layer, settings: _Settings, classes: int, params: Mapping[str, Any]) -> Yolo:
    anchors = anchors_for(settings.sizes, settings.sides, params["image_shape"])
    return Yolo(backbone, settings, NetMeta.of_params("yolo", classes, params, anchors=anchors))
