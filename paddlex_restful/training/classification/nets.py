"""The zoo: the classification nets that tasks can name; ``params`` knows the input sizes that each takes."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import params as params_messages
from paddlex_restful.messages import training as messages
from paddlex_restful.params import size_problem
from paddlex_restful.training.depthwise import quicken
from paddlex_restful.training.suites import paddleclas_backbone


@dataclass(frozen=True)
class Architecture:
    """One net of the zoo.

    Attributes:
        module: where paddleclas defines it, below ``paddleclas.ppcls.arch.backbone``.
        function: the function there that makes it.
        paddlex_name: what PaddleX 3 calls it; None where it has no such net.
        ssld: its pretrained weights are those distilled by SSLD (simple semi-supervised label distillation).
    """

    module: str
    function: str
    paddlex_name: str | None = None
    ssld: bool = False


_V1 = "legendary_models.mobilenet_v1"
_V2 = "model_zoo.mobilenet_v2"
_V3 = "legendary_models.mobilenet_v3"
_RESNET = "legendary_models.resnet"
_DENSENET = "model_zoo.densenet"
_XCEPTION = "model_zoo.xception"
_SHUFFLENET = "model_zoo.shufflenet_v2"
_LCNET = "legendary_models.pp_lcnet"

ZOO: dict[str, Architecture] = {
    "MobileNetV1": Architecture(_V1, "MobileNetV1", "MobileNetV1_x1_0"),
    "MobileNetV2": Architecture(_V2, "MobileNetV2", "MobileNetV2_x1_0"),
    "MobileNetV3_small": Architecture(_V3, "MobileNetV3_small_x1_0", "MobileNetV3_small_x1_0"),
    "MobileNetV3_large": Architecture(_V3, "MobileNetV3_large_x1_0", "MobileNetV3_large_x1_0"),
    "MobileNetV3_small_ssld": Architecture(_V3, "MobileNetV3_small_x1_0", "MobileNetV3_small_x1_0", ssld=True),
    "MobileNetV3_large_ssld": Architecture(_V3, "MobileNetV3_large_x1_0", "MobileNetV3_large_x1_0", ssld=True),
    "ResNet18": Architecture(_RESNET, "ResNet18", "ResNet18"),
    "ResNet34": Architecture(_RESNET, "ResNet34", "ResNet34"),
    "ResNet50": Architecture(_RESNET, "ResNet50", "ResNet50"),
    "ResNet101": Architecture(_RESNET, "ResNet101", "ResNet101"),
    "ResNet50_vd": Architecture(_RESNET, "ResNet50_vd", "ResNet50_vd"),
    "ResNet101_vd": Architecture(_RESNET, "ResNet101_vd", "ResNet101_vd"),
    "ResNet50_vd_ssld": Architecture(_RESNET, "ResNet50_vd", "ResNet50_vd", ssld=True),
    "ResNet101_vd_ssld": Architecture(_RESNET, "ResNet101_vd", "ResNet101_vd", ssld=True),
    "DarkNet53": Architecture("model_zoo.darknet", "DarkNet53"),
    "DenseNet121": Architecture(_DENSENET, "DenseNet121"),
    "DenseNet161": Architecture(_DENSENET, "DenseNet161"),
    "DenseNet201": Architecture(_DENSENET, "DenseNet201"),
    "Xception41": Architecture(_XCEPTION, "Xception41"),
    "Xception65": Architecture(_XCEPTION, "Xception65"),
    "Xception71": Architecture(_XCEPTION, "Xception71"),
    "ShuffleNetV2": Architecture(_SHUFFLENET, "ShuffleNetV2_x1_0"),
    "ShuffleNetV2_swish": Architecture(_SHUFFLENET, "ShuffleNetV2_swish"),
    "HRNet_W18_C": Architecture("legendary_models.hrnet", "HRNet_W18_C"),
    "AlexNet": Architecture("model_zoo.alexnet", "AlexNet"),
    "PPLCNet": Architecture(_LCNET, "PPLCNet_x1_0", "PP-LCNet_x1_0"),
    "PPLCNet_ssld": Architecture(_LCNET, "PPLCNet_x1_0", "PP-LCNet_x1_0", ssld=True),
}
"""The nets by the names that tasks use."""


def architecture(name: str) -> Architecture:
    """The net of this name.

    Raises:
        JobFailed: there is none.
    """
    if name not in ZOO:
        raise JobFailed("model", messages.UNKNOWN_MODEL, model=name, models=", ".join(ZOO))
    return ZOO[name]


def build_net(name: str, num_classes: int) -> paddle.nn.Layer:
    """Build a net with fresh weights.

    Args:
        name: a name of the zoo.
        num_classes: length of its output.

    Returns:
        A layer that takes images of shape [N, 3, H, W], float32, and gives logits of shape [N, num_classes].

    Raises:
        JobFailed: the name is unknown or paddleclas is missing.
    """
    known = architecture(name)
    make = getattr(paddleclas_backbone(known.module), known.function)
    # Some nets name their parameters, and paddle refuses a name twice in one process; the guard also makes the names,
    # by which an optimiser's state is kept, those of the net alone.
    with paddle.utils.unique_name.guard():
        return quicken(make(pretrained=False, class_num=num_classes))


def check_size(name: str, width: int, height: int) -> None:
    """Refuse an input size that the net cannot take; some wrong sizes abort the process instead of raising.

    Args:
        name: a name of the zoo.
        width: in pixels.
        height: in pixels.

    Raises:
        JobFailed: the size does not suit the net.
    """
    if (problem := size_problem(name, width, height)) is not None:
        raise JobFailed("image_shape", params_messages.IMPOSSIBLE, problems=problem)


def weights_url(name: str) -> str:
    """Address of the net's ImageNet weights.

    Raises:
        JobFailed: the name is unknown or paddleclas is missing.
    """
    known = architecture(name)
    url: str = paddleclas_backbone(known.module).MODEL_URLS[known.function]
    return url.replace("_pretrained", "_ssld_pretrained") if known.ssld else url
