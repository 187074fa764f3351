"""Addresses of published weights: of backbones that learnt on ImageNet, of whole nets that learnt on COCO."""

from __future__ import annotations

from collections.abc import Mapping

_HOST = "https://paddledet.bj.bcebos.com/models"
_CLASSIFIERS = "https://paddle-imagenet-models-name.bj.bcebos.com/dygraph/legendary_models"

_MOBILENET_V3 = "MobileNetV3_large_x1_0_ssld"

_IMAGENET: Mapping[str, str] = {
    "DarkNet53": "DarkNet53",
    "HRNet_W18": "HRNet_W18_C",
    "MobileNetV1": "MobileNetV1",
    "MobileNetV1_ssld": "MobileNetV1_ssld",
    "MobileNetV3": _MOBILENET_V3,
    "MobileNetV3_large": _MOBILENET_V3,
    "MobileNetV3_small": "MobileNetV3_small_x1_0_ssld",
    "MobileNetV3_ssld": _MOBILENET_V3,
    "ResNet18_vd": "ResNet18_vd",
    "ResNet34": "ResNet34",
    "ResNet34_vd": "ResNet34_vd",
    "ResNet50": "ResNet50_cos",
    "ResNet50_vd": "ResNet50_vd",
    "ResNet50_vd_dcn": "ResNet50_vd_ssld",
    "ResNet50_vd_ssld": "ResNet50_vd_ssld",
    "ResNet101": "ResNet101",
    "ResNet101_vd": "ResNet101_vd",
    "ResNet101_vd_dcn": "ResNet101_vd_ssld",
}

_COCO: Mapping[tuple[str, str], str] = {
    ("YOLOv3", "DarkNet53"): "yolov3_darknet53_270e_coco",
    ("YOLOv3", "MobileNetV1"): "yolov3_mobilenet_v1_270e_coco",
    ("YOLOv3", "MobileNetV1_ssld"): "yolov3_mobilenet_v1_ssld_270e_coco",
    ("YOLOv3", "MobileNetV3"): "yolov3_mobilenet_v3_large_270e_coco",
    ("YOLOv3", "ResNet34"): "yolov3_r34_270e_coco",
    ("YOLOv3", "ResNet50_vd_dcn"): "yolov3_r50vd_dcn_270e_coco",
    ("PPYOLO", "MobileNetV3_large"): "ppyolo_mbv3_large_coco",
    ("PPYOLO", "MobileNetV3_small"): "ppyolo_mbv3_small_coco",
    ("PPYOLO", "ResNet18_vd"): "ppyolo_r18vd_coco",
    ("PPYOLO", "ResNet50_vd_dcn"): "ppyolo_r50vd_dcn_2x_coco",
    ("PPYOLOv2", "ResNet50_vd_dcn"): "ppyolov2_r50vd_dcn_365e_coco",
    ("PPYOLOv2", "ResNet101_vd_dcn"): "ppyolov2_r101vd_dcn_365e_coco",
    ("PicoDet", "LCNet"): "picodet_m_416_coco_lcnet",
}

_TINY = ("ppyolo_tiny_650e_coco", "MobileNetV3_large_x0_5")
"""Of PP-YOLO tiny, which has one backbone only, on COCO and on ImageNet."""

_PPYOLOE = "PP-YOLOE_plus-"

_COCO_RCNN: Mapping[tuple[str, str, bool], str] = {
    ("FasterRCNN", "HRNet_W18", True): "faster_rcnn_hrnetv2p_w18_2x_coco",
    ("FasterRCNN", "ResNet34", True): "faster_rcnn_r34_fpn_1x_coco",
    ("FasterRCNN", "ResNet34_vd", True): "faster_rcnn_r34_vd_fpn_1x_coco",
    ("FasterRCNN", "ResNet50", False): "faster_rcnn_r50_1x_coco",
    ("FasterRCNN", "ResNet50", True): "faster_rcnn_r50_fpn_2x_coco",
    ("FasterRCNN", "ResNet50_vd", False): "faster_rcnn_r50_vd_1x_coco",
    ("FasterRCNN", "ResNet50_vd", True): "faster_rcnn_r50_vd_fpn_2x_coco",
    ("FasterRCNN", "ResNet50_vd_ssld", True): "faster_rcnn_r50_vd_ssld_fpn_2x_coco",
    ("FasterRCNN", "ResNet101", False): "faster_rcnn_r101_1x_coco",
    ("FasterRCNN", "ResNet101", True): "faster_rcnn_r101_fpn_2x_coco",
    ("FasterRCNN", "ResNet101_vd", True): "faster_rcnn_r101_vd_fpn_1x_coco",
    ("MaskRCNN", "ResNet50", False): "mask_rcnn_r50_2x_coco",
    ("MaskRCNN", "ResNet50", True): "mask_rcnn_r50_fpn_2x_coco",
    ("MaskRCNN", "ResNet50_vd", True): "mask_rcnn_r50_vd_fpn_2x_coco",
    ("MaskRCNN", "ResNet50_vd_ssld", True): "mask_rcnn_r50_vd_fpn_ssld_2x_coco",
    ("MaskRCNN", "ResNet101", True): "mask_rcnn_r101_fpn_1x_coco",
    ("MaskRCNN", "ResNet101_vd", True): "mask_rcnn_r101_vd_fpn_1x_coco",
}
"""By model, backbone and whether it has a pyramid."""


def weights_url(model: str, backbone: str, source: str, *, with_fpn: bool = True) -> str | None:
    """Address of a net's published weights.

    Args:
        model: such as ``YOLOv3``.
        backbone: one of the model's.
        source: ``IMAGENET``, of the backbone, or ``COCO``, of the whole net.
        with_fpn: whether a net of the RCNN family has a pyramid.

    Returns:
        None where none are known: ImageNet's of ResNet18 and the ESNets, COCO's of the nets that are not listed.
    """
    if source == "IMAGENET":
        return _backbone_url(model, backbone)
    if source != "COCO":
        return None
    if model == "PPYOLOTiny":
        name: str | None = _TINY[0]
    elif model.startswith(_PPYOLOE):
        name = f"ppyoloe_plus_crn_{_size(model)}_80e_coco"
    elif model.endswith("RCNN"):
        name = _COCO_RCNN.get((model, backbone, with_fpn or backbone.startswith("HRNet")))
    else:
        name = _COCO.get((model, backbone))
    return None if name is None else f"{_HOST}/{name}.pdparams"


def _backbone_url(model: str, backbone: str) -> str | None:
    if backbone == "LCNet":
        return f"{_CLASSIFIERS}/PPLCNet_x1_5_pretrained.pdparams"
    if model == "PPYOLOTiny":
        name: str | None = _TINY[1]
    elif model.startswith(_PPYOLOE):
        name = f"CSPResNetb_{_size(model)}"
    elif model.endswith("RCNN") and backbone == "ResNet50_vd_ssld":
        name = "ResNet50_vd_ssld_v2"
    else:
        name = _IMAGENET.get(backbone)
    return None if name is None else f"{_HOST}/pretrained/{name}_pretrained.pdparams"


def _size(model: str) -> str:
    return model.removeprefix(_PPYOLOE).lower()
