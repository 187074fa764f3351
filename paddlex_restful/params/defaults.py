"""The default training parameters of every model.

The figures are those that the original PaddleX RESTful server answered. Its rules behind them: the batch is counted
over all GPUs together, four images each; the learning rate grows in proportion to the batch (Goyal et al., "Accurate,
Large Minibatch SGD", 2017, section 2.1); the YOLO family warms up over 50 steps a class.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import params as messages

BATCH_PER_GPU = 4
WARMUP_STEPS_PER_CLASS = 50

_COMMON: dict[str, Any] = {
    "batch_size": BATCH_PER_GPU,
    "brightness": False,
    "brightness_prob": 0.5,
    "brightness_range": 0.5,
    "contrast": False,
    "contrast_prob": 0.5,
    "contrast_range": 0.5,
    "cpu_num": 1,
    "cuda_visible_devices": "",
    "horizontal_flip": True,
    "horizontal_flip_prob": 0.5,
    "hue": False,
    "hue_prob": 0.5,
    "hue_range": 18,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
    "pretrain_weights": "IMAGENET",
    "resume_checkpoint": None,
    "saturation": False,
    "saturation_prob": 0.5,
    "saturation_range": 0.5,
    "sensitivities_path": None,
}

# Learning rates are given for one batch of four: 0.1 for 500 images, 0.1 for 256 and so on.
_MOBILE_RATE = 4 / 500 * 0.1
_LARGE_RATE = 4 / 256 * 0.1
_ALEXNET_RATE = 4 / 256 * 0.01
_YOLO_RATE = 0.005 / 12 * 4 / 8
_TINY_RATE = 0.005 * 4 / 16
_FINE_TUNING_RATE = 0.001 * 4 / 64
_RCNN_RATE = 0.02 * 4 / 16
_SEGMENTATION_RATE = 0.01 * 4 / 2
_LITESEG_RATE = 0.005 * 4 / 4
_SEGFORMER_RATE = 6e-5 * 4 / 4

_CENTRED = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}

_CLASSIFICATION = _COMMON | {
    "brightness": True,
    "brightness_range": 0.9,
    "contrast": True,
    "contrast_range": 0.9,
    "image_shape": [224, 224],
    "learning_rate": _LARGE_RATE,
    "lr_decay_epochs": [4, 6, 8],
    "lr_policy": "Piecewise",
    "num_epochs": 10,
    "rotate": True,
    "rotate_prob": 0.5,
    "rotate_range": 30,
    "saturation_range": 0.9,
    "save_interval_epochs": 5,
    "vertical_flip": True,
    "vertical_flip_prob": 0.5,
}

_RCNN = _COMMON | {
    "backbone": "ResNet50",
    "image_shape": [800, 1333],
    "learning_rate": _RCNN_RATE,
    "lr_decay_epochs": [24, 27],
    "num_epochs": 28,
    "save_interval_epochs": 1,
    "warmup_steps": 50,
    "with_fpn": True,
}

_YOLO = _COMMON | {
    "backbone": "ResNet50_vd_ssld",
    "brightness": True,
    "contrast": True,
    "crop_image": True,
    "expand_image": True,
    "expand_prob": 0.5,
    "hue": True,
    "image_shape": [608, 608],
    "learning_rate": _YOLO_RATE,
    "mixup_alpha": 1.5,
    "mixup_beta": 1.5,
    "random_shape": True,
    "random_shape_sizes": [320, 352, 384, 416, 448, 480, 512, 544, 576, 608],
    "saturation": True,
    "save_interval_epochs": 30,
    "use_mixup": True,
    "warmup_steps": 150,
    "with_fpn": True,
}

_PPYOLOE = _YOLO | {
    # PaddleDetection's figures, for weights that have learnt on COCO; PaddleX 3 names and starts these models alike.
    "backbone": "CSPResNet",
    "image_mean": [0.0, 0.0, 0.0],
    "image_shape": [640, 640],
    "image_std": [1.0, 1.0, 1.0],
    "learning_rate": _FINE_TUNING_RATE,
    "lr_decay_epochs": [54, 72],
    "num_epochs": 80,
    "pretrain_weights": "COCO",
    "random_shape_sizes": [320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 768],
    "save_interval_epochs": 10,
    "use_mixup": False,
}

_SEGMENTATION = (
    _COMMON
    | _CENTRED
    | {
        "aspect_ratio": 0.33,
        "blur": False,
        "blur_prob": 0.1,
        "image_shape": [512, 512],
        "learning_rate": _SEGMENTATION_RATE,
        "loss_type": [False, False],
        "lr_decay_epochs": [10, 20],
        "lr_policy": "Polynomial",
        "min_ratio": 0.5,
        "num_epochs": 100,
        "optimizer": "SGD",
        "rotate": False,
        "save_interval_epochs": 10,
        "scale_aspect": False,
        "vertical_flip": False,
        "vertical_flip_prob": 0.5,
    }
)

_UNET = _SEGMENTATION | {"pretrain_weights": "COCO"}

# Rates and optimisers of the nets that the original did not have are those that paddleseg's own files name.
_PP_LITESEG = _SEGMENTATION | {"learning_rate": _LITESEG_RATE}

_SEGFORMER = _SEGMENTATION | {"learning_rate": _SEGFORMER_RATE, "lr_policy": "Linear", "optimizer": "AdamW"}

_HRNET = _CENTRED | {
    # The original gave HRNet the figures of segmentation, also as a classifier; clients know them.
    "brightness": False,
    "brightness_range": 0.5,
    "contrast": False,
    "contrast_range": 0.5,
    "image_shape": [512, 512],
    "learning_rate": _SEGMENTATION_RATE,
    "lr_decay_epochs": [10, 20],
    "num_epochs": 100,
    "saturation_range": 0.5,
    "save_interval_epochs": 10,
}

_MOBILE = {"learning_rate": _MOBILE_RATE}

_DEFAULTS: Mapping[str, Mapping[str, dict[str, Any]]] = {
    ProjectType.CLASSIFICATION.value: {
        "MobileNetV2": _CLASSIFICATION | _MOBILE,
        "MobileNetV1": _CLASSIFICATION | _MOBILE,
        "MobileNetV3_small": _CLASSIFICATION | _MOBILE,
        "MobileNetV3_large": _CLASSIFICATION | _MOBILE,
        "MobileNetV3_small_ssld": _CLASSIFICATION | _MOBILE,
        "MobileNetV3_large_ssld": _CLASSIFICATION | _MOBILE,
        "ResNet18": _CLASSIFICATION,
        "ResNet34": _CLASSIFICATION,
        "ResNet50": _CLASSIFICATION,
        "ResNet101": _CLASSIFICATION,
        "ResNet50_vd": _CLASSIFICATION,
        "ResNet101_vd": _CLASSIFICATION,
        "ResNet50_vd_ssld": _CLASSIFICATION,
        "ResNet101_vd_ssld": _CLASSIFICATION,
        "DarkNet53": _CLASSIFICATION,
        "DenseNet121": _CLASSIFICATION,
        "DenseNet161": _CLASSIFICATION,
        "DenseNet201": _CLASSIFICATION,
        "Xception41": _CLASSIFICATION,
        "Xception65": _CLASSIFICATION,
        "Xception71": _CLASSIFICATION,
        "ShuffleNetV2": _CLASSIFICATION,
        "ShuffleNetV2_swish": _CLASSIFICATION,
        "HRNet_W18_C": _CLASSIFICATION | _HRNET,
        "AlexNet": _CLASSIFICATION | {"learning_rate": _ALEXNET_RATE},
        "PPLCNet": _CLASSIFICATION,
        "PPLCNet_ssld": _CLASSIFICATION,
    },
    ProjectType.DETECTION.value: {
        "YOLOv3": _YOLO | {"backbone": "DarkNet53", "lr_decay_epochs": [216, 243], "num_epochs": 270},
        "PPYOLO": _YOLO | {"lr_decay_epochs": [85, 135], "num_epochs": 200},
        "PPYOLOTiny": _YOLO
        | {
            "image_shape": [320, 320],
            "learning_rate": _TINY_RATE,
            "lr_decay_epochs": [130, 540],
            "num_epochs": 550,
        },
        "PPYOLOv2": _YOLO | {"lr_decay_epochs": [105, 135, 150], "num_epochs": 170},
        "FasterRCNN": _RCNN,
        "PicoDet": _YOLO
        | {
            "backbone": "ESNet_m",
            "image_shape": [416, 416],
            "learning_rate": _TINY_RATE,
            "lr_decay_epochs": [200, 270],
            "num_epochs": 300,
        },
        **dict.fromkeys((f"PP-YOLOE_plus-{size}" for size in "SMLX"), _PPYOLOE),
    },
    ProjectType.SEGMENTATION.value: {
        "DeepLabv3+": _SEGMENTATION | {"backbone": "Xception65"},
        "DeepLabV3P": _SEGMENTATION | {"backbone": "Xception65"},
        "UNet": _UNET,
        "U-Net": _UNET,
        "HRNet_W18": _SEGMENTATION | {"pretrain_weights": "CITYSCAPES"},
        "FastSCNN": _SEGMENTATION | {"pretrain_weights": "CITYSCAPES"},
        "BiSeNetV2": {key: value for key, value in _SEGMENTATION.items() if key != "pretrain_weights"},
        "PP-LiteSeg-T": _PP_LITESEG,
        "PP-LiteSeg-B": _PP_LITESEG,
        "SegFormer-B0": _SEGFORMER,
        "SegFormer-B1": _SEGFORMER,
        "SegFormer-B2": _SEGFORMER,
        "OCRNet_HRNet-W18": _SEGMENTATION,
    },
    ProjectType.INSTANCE_SEGMENTATION.value: {"MaskRCNN": _RCNN},
}

_R50_TO_101 = ("ResNet50", "ResNet50_vd", "ResNet50_vd_ssld", "ResNet101", "ResNet101_vd")
_DEEPLAB_BACKBONES = ("ResNet50_vd", "ResNet101_vd", "Xception65")

BACKBONES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "YOLOv3": (
            "DarkNet53",
            "MobileNetV1",
            "MobileNetV1_ssld",
            "MobileNetV3",
            "MobileNetV3_ssld",
            "ResNet34",
            "ResNet50",
            "ResNet50_vd_dcn",
        ),
        "PPYOLO": ("ResNet50_vd_ssld", "ResNet50_vd_dcn", "ResNet18_vd", "MobileNetV3_large", "MobileNetV3_small"),
        "PPYOLOTiny": ("ResNet50_vd_ssld", "MobileNetV3"),
        "PPYOLOv2": ("ResNet50_vd_ssld", "ResNet50_vd_dcn", "ResNet101_vd_dcn"),
        "FasterRCNN": ("ResNet18", "ResNet18_vd", "ResNet34", "ResNet34_vd", *_R50_TO_101, "HRNet_W18"),
        "PicoDet": ("ESNet_s", "ESNet_m", "ESNet_l", "LCNet", "MobileNetV3", "ResNet18_vd"),
        **dict.fromkeys((f"PP-YOLOE_plus-{size}" for size in "SMLX"), ("CSPResNet",)),
        "MaskRCNN": ("ResNet18", *_R50_TO_101),
        # The original stored a backbone with every segmentation model and used it in the DeepLab ones alone.
        **dict.fromkeys(_DEFAULTS[ProjectType.SEGMENTATION.value], _DEEPLAB_BACKBONES),
    }
)
"""The backbones that each model with a backbone may name, those of the defaults included."""


def models(project_type: str) -> tuple[str, ...]:
    """Names of the models of a project type, the default first.

    Raises:
        UserError: there is no such type, or it cannot be trained.
    """
    return tuple(_models(project_type))


def default_params(
    project_type: str, model: str | None = None, gpus: Sequence[int] = (), *, classes: int | None = None
) -> dict[str, Any]:
    """Default parameters of a model, under the names and with the types that the original answered.

    Args:
        project_type: such as ``classification``.
        model: name of a model; the type's own default if it is ``None``.
        gpus: numbers of the GPUs to train on; none trains on the processor.
        classes: number of classes of the dataset, if it is known; it sets the warm-up of the YOLO family.

    Returns:
        A new dictionary, the caller's own.

    Raises:
        UserError: there is no such type or model.
    """
    known = _models(project_type)
    name = next(iter(known)) if model is None else model
    if name not in known:
        raise UserError(
            messages.UNKNOWN_MODEL,
            project_type=ProjectType(project_type).value,
            model=str(name)[:80],
            models=", ".join(known),
        )
    values = copy.deepcopy(known[name]) | {"model": name}
    shares = max(1, len(gpus))
    values["batch_size"] *= shares
    values["learning_rate"] *= shares
    values["cuda_visible_devices"] = ",".join(str(gpu) for gpu in gpus)
    if classes is not None and "use_mixup" in values:
        values["warmup_steps"] = WARMUP_STEPS_PER_CLASS * max(1, classes)
    return dict(sorted(values.items()))


def _models(project_type: str) -> Mapping[str, dict[str, Any]]:
    try:
        return _DEFAULTS[ProjectType(project_type).value]
    except (KeyError, ValueError):
        raise UserError(
            messages.UNKNOWN_PROJECT_TYPE,
            project_type=str(getattr(project_type, "value", project_type))[:80],
            types=", ".join(_DEFAULTS),
        ) from None
