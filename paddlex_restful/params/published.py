"""How good and how fast models are on well-known images, as those who published them measured it.

Accuracies are those of the weights that a training can start from, on the validation images of ImageNet (top 1), COCO
(mAP from 0.5 to 0.95; of masks in instance segmentation) and Cityscapes (mIoU). Times are those of one image on eight
threads of an Intel Xeon Gold 5117 at 2 GHz, in float32. Both are from the model lists of PaddleX 2.1 and 3.0, and from
PaddleClas for ``PPLCNet_ssld``. They say how models compare, not what a training on other images will reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Published(NamedTuple):
    """What is known of a model on a backbone.

    Attributes:
        accuracy: in percent.
        milliseconds: of an image on the processor.
    """

    accuracy: float | None = None
    milliseconds: float | None = None


UNKNOWN = Published()

_FIGURES: Mapping[tuple[str, str | None], Published] = {
    ("MobileNetV1", None): Published(70.99, 14.0),
    ("MobileNetV2", None): Published(72.15, 16.0),
    ("MobileNetV3_small", None): Published(68.24, 13.0),
    ("MobileNetV3_large", None): Published(75.32, 19.2),
    ("MobileNetV3_small_ssld", None): Published(71.29, 13.0),
    ("MobileNetV3_large_ssld", None): Published(78.96, 19.2),
    ("ResNet18", None): Published(70.98, 27.5),
    ("ResNet34", None): Published(74.57, 51.9),
    ("ResNet50", None): Published(76.50, 64.8),
    ("ResNet101", None): Published(77.56, 121.0),
    ("ResNet50_vd", None): Published(79.12, 68.4),
    ("ResNet101_vd", None): Published(80.17, 124.9),
    ("ResNet50_vd_ssld", None): Published(82.39, 68.4),
    ("ResNet101_vd_ssld", None): Published(83.73, 124.9),
    ("DarkNet53", None): Published(78.0),
    ("DenseNet121", None): Published(75.66),
    ("DenseNet161", None): Published(78.57),
    ("DenseNet201", None): Published(77.63),
    ("Xception41", None): Published(79.30),
    ("Xception65", None): Published(81.00),
    ("Xception71", None): Published(81.11),
    ("ShuffleNetV2", None): Published(68.80),
    ("ShuffleNetV2_swish", None): Published(70.03),
    ("HRNet_W18_C", None): Published(76.92),
    ("AlexNet", None): Published(56.7),
    ("PPLCNet", None): Published(71.32, 9.2),
    ("PPLCNet_ssld", None): Published(74.39, 9.2),
    ("YOLOv3", "DarkNet53"): Published(39.1, 883),
    ("YOLOv3", "MobileNetV1"): Published(29.4),
    ("YOLOv3", "MobileNetV1_ssld"): Published(31.0),
    ("YOLOv3", "MobileNetV3"): Published(31.4, 267),
    ("YOLOv3", "ResNet34"): Published(36.2),
    ("YOLOv3", "ResNet50_vd_dcn"): Published(40.6, 856),
    ("PPYOLO", "ResNet50_vd_dcn"): Published(44.8),
    ("PPYOLOTiny", "MobileNetV3"): Published(22.7),
    ("PPYOLOv2", "ResNet50_vd_dcn"): Published(49.1),
    ("PPYOLOv2", "ResNet101_vd_dcn"): Published(49.7),
    ("FasterRCNN", "ResNet34"): Published(37.8),
    ("FasterRCNN", "ResNet34_vd"): Published(38.5),
    ("FasterRCNN", "ResNet101_vd"): Published(42.0),
    ("FasterRCNN", "ResNet101"): Published(41.4),
    ("PP-YOLOE_plus-S", "CSPResNet"): Published(43.7, 223),
    ("PP-YOLOE_plus-M", "CSPResNet"): Published(49.8, 449),
    ("PP-YOLOE_plus-L", "CSPResNet"): Published(52.9, 815),
    ("PP-YOLOE_plus-X", "CSPResNet"): Published(54.7, 1440),
    ("DeepLabv3+", "ResNet50_vd"): Published(80.36, 1514),
    ("DeepLabv3+", "ResNet101_vd"): Published(81.10, 2461),
    ("DeepLabV3P", "ResNet50_vd"): Published(80.36, 1514),
    ("DeepLabV3P", "ResNet101_vd"): Published(81.10, 2461),
    ("UNet", None): Published(65.00),
    ("U-Net", None): Published(65.00),
    ("HRNet_W18", None): Published(78.97),
    ("FastSCNN", None): Published(69.31),
    ("BiSeNetV2", None): Published(73.19),
    ("PP-LiteSeg-T", None): Published(73.10, 139),
    ("PP-LiteSeg-B", None): Published(75.25),
    ("SegFormer-B0", None): Published(76.73, 269),
    ("SegFormer-B1", None): Published(78.35, 403),
    ("SegFormer-B2", None): Published(81.60, 1249),
    ("OCRNet_HRNet-W18", None): Published(80.67, 906),
    ("MaskRCNN", "ResNet50"): Published(36.7),
    ("MaskRCNN", "ResNet50_vd"): Published(37.5),
    ("MaskRCNN", "ResNet50_vd_ssld"): Published(38.9),
    ("MaskRCNN", "ResNet101"): Published(36.6),
    ("MaskRCNN", "ResNet101_vd"): Published(38.1),
}


def published(model: str, backbone: str | None) -> Published:
    """What was published of a model.

    Args:
        model: its name.
        backbone: its backbone; None of a model that has no choice.
    """
    return _FIGURES.get((model, backbone), UNKNOWN)
