"""The segmentation nets that tasks can name: how each is built, how its heads are weighted, where its weights lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import paddle

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import segmentation as messages
from paddlex_restful.messages import training as training_messages
from paddlex_restful.training.depthwise import quicken
from paddlex_restful.training.suites import paddleseg_models

Maker = Callable[[int], paddle.nn.Layer]


@dataclass(frozen=True)
class Architecture:
    """One segmentation net.

    Attributes:
        make: builds it with fresh weights for a number of classes; it takes images [N, 3, H, W] and gives a list of
            logits [N, classes, H, W], the net's answer first; those of its auxiliary heads may follow.
        head_weights: of the losses of the logits that it gives in training.
        paddlex_name: what PaddleX 3 calls it; None where it has no such net.
        weights: addresses of published weights by the set of images that they were learnt on, the usual one first.
    """

    make: Maker
    head_weights: tuple[float, ...] = (1.0,)
    paddlex_name: str | None = None
    weights: Mapping[str, str] = field(default_factory=dict)


_PADDLESEG = "https://bj.bcebos.com/paddleseg/dygraph/cityscapes"
_PADDLEX = "https://paddle-model-ecology.bj.bcebos.com/paddlex/official_pretrained_model"
_PADDLECLAS = "https://paddle-imagenet-models-name.bj.bcebos.com/dygraph"


def _cityscapes(name: str) -> dict[str, str]:
    return {"CITYSCAPES": f"{_PADDLESEG}/{name}/model.pdparams"}


def _imagenet(paddlex_name: str) -> dict[str, str]:
    return {"IMAGENET": f"{_PADDLEX}/{paddlex_name}_backbone_imagenet_pretrained.pdparams"}


def _backbone(module: str, name: str, **options: object) -> paddle.nn.Layer:
    return getattr(paddleseg_models(f"backbones.{module}"), name)(**options)


def _unet(classes: int) -> paddle.nn.Layer:
    return paddleseg_models("unet").UNet(classes)


def _fast_scnn(classes: int) -> paddle.nn.Layer:
    net = paddleseg_models("fast_scnn").FastSCNN(classes)
    # paddleseg 2.8.0 aligns corners in this one place. The kernels that inference takes on a processor (oneDNN, in
    # paddle 3.1.1) do not, so that an exported net would answer otherwise than the trained one.
    net.global_feature_extractor.ppm.align_corners = False
    return net


def _bisenet(classes: int) -> paddle.nn.Layer:
    return paddleseg_models("bisenet").BiSeNetV2(classes)


def _hrnet(classes: int) -> paddle.nn.Layer:
    return paddleseg_models("fcn").FCN(classes, _backbone("hrnet", "HRNet_W18"))


def _ocrnet(classes: int) -> paddle.nn.Layer:
    return paddleseg_models("ocrnet").OCRNet(classes, _backbone("hrnet", "HRNet_W18"), backbone_indices=(0,))


def _deeplab_resnet(layers: int) -> Maker:
    def make(classes: int) -> paddle.nn.Layer:
        backbone = _backbone("resnet_vd", f"ResNet{layers}_vd", output_stride=8, multi_grid=(1, 2, 4))
        return paddleseg_models("deeplab").DeepLabV3P(classes, backbone, aspp_ratios=(1, 12, 24, 36))

    return make


def _deeplab_xception(classes: int) -> paddle.nn.Layer:
    backbone = _backbone("xception_deeplab", "Xception65_deeplab")
    return paddleseg_models("deeplab").DeepLabV3P(classes, backbone, backbone_indices=(0, 1))


def _pp_liteseg(backbone: str, arms: list[int], heads: list[int]) -> Maker:
    def make(classes: int) -> paddle.nn.Layer:
        net = paddleseg_models("pp_liteseg").PPLiteSeg
        return net(classes, _backbone("stdcnet", backbone), arm_out_chs=arms, seg_head_inter_chs=heads)

    return make


def _segformer(size: int, embedding: int) -> Maker:
    def make(classes: int) -> paddle.nn.Layer:
        backbone = _backbone("mix_transformer", f"MixVisionTransformer_B{size}")
        return paddleseg_models("segformer").SegFormer(classes, backbone, embedding)

    return make


_DEEPLAB: Mapping[str, Architecture] = {
    "ResNet50_vd": Architecture(
        _deeplab_resnet(50),
        paddlex_name="Deeplabv3_Plus-R50",
        weights=_imagenet("Deeplabv3_Plus-R50") | _cityscapes("deeplabv3p_resnet50_os8_cityscapes_1024x512_80k"),
    ),
    "ResNet101_vd": Architecture(
        _deeplab_resnet(101),
        paddlex_name="Deeplabv3_Plus-R101",
        weights=_imagenet("Deeplabv3_Plus-R101") | _cityscapes("deeplabv3p_resnet101_os8_cityscapes_1024x512_80k"),
    ),
    "Xception65": Architecture(
        _deeplab_xception,
        weights={"IMAGENET": f"{_PADDLECLAS}/Xception65_deeplab_pretrained.pdparams"},
    ),
}
"""By backbone, which DeepLab alone leaves to choose."""

_UNET = Architecture(_unet, weights=_cityscapes("unet_cityscapes_1024x512_160k"))

_NETS: Mapping[str, Mapping[str, Architecture] | Architecture] = {
    "DeepLabv3+": _DEEPLAB,
    "DeepLabV3P": _DEEPLAB,
    "UNet": _UNET,
    "U-Net": _UNET,
    "HRNet_W18": Architecture(
        _hrnet, weights=_cityscapes("fcn_hrnetw18_cityscapes_1024x512_80k") | _imagenet("OCRNet_HRNet-W18")
    ),
    "FastSCNN": Architecture(_fast_scnn, (1.0, 0.4), weights=_cityscapes("fastscnn_cityscapes_1024x1024_160k")),
    "BiSeNetV2": Architecture(_bisenet, (1.0,) * 5, weights=_cityscapes("bisenet_cityscapes_1024x1024_160k")),
    "PP-LiteSeg-T": Architecture(
        _pp_liteseg("STDC1", [32, 64, 128], [32, 64, 64]),
        (1.0,) * 3,
        paddlex_name="PP-LiteSeg-T",
        weights=_imagenet("PP-LiteSeg-T"),
    ),
    "PP-LiteSeg-B": Architecture(
        _pp_liteseg("STDC2", [64, 96, 128], [64, 64, 64]),
        (1.0,) * 3,
        paddlex_name="PP-LiteSeg-B",
        weights=_imagenet("PP-LiteSeg-B"),
    ),
    "SegFormer-B0": Architecture(_segformer(0, 256), paddlex_name="SegFormer-B0", weights=_imagenet("SegFormer-B0")),
    "SegFormer-B1": Architecture(_segformer(1, 256), paddlex_name="SegFormer-B1", weights=_imagenet("SegFormer-B1")),
    "SegFormer-B2": Architecture(_segformer(2, 768), paddlex_name="SegFormer-B2", weights=_imagenet("SegFormer-B2")),
    "OCRNet_HRNet-W18": Architecture(
        _ocrnet, (1.0, 0.4), paddlex_name="OCRNet_HRNet-W18", weights=_imagenet("OCRNet_HRNet-W18")
    ),
}
"""By the names that tasks use. Configurations and head weights are those of paddleseg's own files for each net."""

MODELS = tuple(_NETS)


def architecture(model: str, backbone: str | None) -> Architecture:
    """The net that parameters name.

    Args:
        model: one of ``MODELS``.
        backbone: of a DeepLab; the others have one of their own and leave it unread, as the original server did.

    Raises:
        JobFailed: there is no such net.
    """
    found = _NETS.get(model)
    if found is None:
        raise JobFailed("model", training_messages.UNKNOWN_MODEL, model=model, models=", ".join(MODELS))
    if isinstance(found, Architecture):
        return found
    if backbone is None or backbone not in found:
        raise JobFailed("backbone", messages.UNKNOWN_BACKBONE, backbone=backbone, model=model, known=", ".join(found))
    return found[backbone]


def build_net(model: str, backbone: str | None, classes: int) -> paddle.nn.Layer:
    """Build a net with fresh weights; see ``Architecture.make``.

    Raises:
        JobFailed: there is no such net, or paddleseg is missing.
    """
    known = architecture(model, backbone)
    # The guard makes the names of the parameters, by which an optimiser's state is kept, those of the net alone.
    with paddle.utils.unique_name.guard():
        return quicken(known.make(classes))


def published_weights(model: str, backbone: str | None, source: str) -> str | None:
    """Address of weights that were published for a net.

    Args:
        model: one of ``MODELS``.
        backbone: see ``architecture``.
        source: the set of images that they were learnt on. Where the net has none of it, its usual one is taken, as the
            original server did: its default parameters name sets that some nets never had.

    Returns:
        The address, None where nothing was published.
    """
    weights = architecture(model, backbone).weights
    return weights.get(source) or next(iter(weights.values()), None)
