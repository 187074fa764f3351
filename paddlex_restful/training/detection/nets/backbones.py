"""Backbones: the part of a detector that sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle

from paddlex_restful.training.suites import ppdet_modeling

# Of ResNet's four stages, the learning rates of weights distilled by SSLD; PaddleDetection's figures.
_SSLD_RATES = [0.05, 0.05, 0.1, 0.15]

_EVEN_RATES = [1.0, 1.0, 1.0, 1.0]

_SLIM = [0.875, 0.5, 0.5, 0.5, 0.625, 0.5, 0.625, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
_WIDE = [0.875, 0.5, 1.0, 0.625, 0.5, 0.75, 0.625, 0.625, 0.5, 0.625, 1.0, 0.625, 0.75]
_ESNETS = {"ESNet_s": (0.75, _SLIM), "ESNet_m": (1.0, _WIDE), "ESNet_l": (1.25, _WIDE)}


def channels(layer: paddle.nn.Layer) -> list[int]:
    """How many channels each output of a backbone or neck has."""
    return [shape.channels for shape in layer.out_shape]


def resnet(name: str, stages: Sequence[int], *, frozen: bool = False) -> paddle.nn.Layer:
    """A ResNet.

    Args:
        name: such as ``ResNet50_vd_dcn``: ``vd`` is the variant of He et al., "Bag of Tricks for Image Classification
            with Convolutional Neural Networks", 2018, ``dcn`` has deformable convolutions in the last stage, ``ssld``
            says where its weights come from.
        stages: which of the four stages give outputs, from 0.
        frozen: the start and all normalisations stay as the pretrained weights have them, and after SSLD the rest
            learns more slowly.
    """
    depth, *marks = name.removeprefix("ResNet").split("_")
    net: paddle.nn.Layer = ppdet_modeling("backbones.resnet").ResNet(
        depth=int(depth),
        variant="d" if "vd" in marks else "b",
        lr_mult_list=list(_SSLD_RATES if frozen and "ssld" in marks else _EVEN_RATES),
        norm_decay=0.0,
        freeze_norm=frozen,
        freeze_at=0 if frozen else -1,
        return_idx=list(stages),
        dcn_v2_stages=[3] if "dcn" in marks else [-1],
        num_stages=max(stages) + 1,
    )
    return net


def darknet53() -> paddle.nn.Layer:
    """DarkNet53 of YOLOv3."""
    net: paddle.nn.Layer = ppdet_modeling("backbones.darknet").DarkNet(depth=53, return_idx=[2, 3, 4], num_stages=5)
    return net


def mobilenet_v1() -> paddle.nn.Layer:
    """MobileNetV1."""
    net: paddle.nn.Layer = ppdet_modeling("backbones.mobilenet_v1").MobileNet(
        scale=1, feature_maps=[4, 6, 13], with_extra_blocks=False, extra_block_filters=[]
    )
    return net


def mobilenet_v3(blocks: Sequence[int] = (7, 13, 16), *, size: str = "large", scale: float = 1.0) -> paddle.nn.Layer:
    """MobileNetV3.

    Args:
        blocks: which give outputs, from 1.
        size: "large" or "small".
        scale: of the numbers of channels.
    """
    net: paddle.nn.Layer = ppdet_modeling("backbones.mobilenet_v3").MobileNetV3(
        model_name=size,
        scale=scale,
        feature_maps=list(blocks),
        with_extra_blocks=False,
        extra_block_filters=[],
        lr_mult_list=[1.0, 1.0, 1.0, 1.0, 1.0],
    )
    return net


def esnet(name: str) -> paddle.nn.Layer:
    """An ESNet of PicoDet: ``ESNet_s``, ``ESNet_m`` or ``ESNet_l``."""
    scale, ratios = _ESNETS[name]
    net: paddle.nn.Layer = ppdet_modeling("backbones.esnet").ESNet(
        scale=scale, feature_maps=[4, 11, 14], act="hard_swish", channel_ratio=list(ratios)
    )
    return net


def lcnet(scale: float) -> paddle.nn.Layer:
    """A PP-LCNet."""
    net: paddle.nn.Layer = ppdet_modeling("backbones.lcnet").LCNet(scale=scale, feature_maps=[3, 4, 5])
    return net


def hrnet_w18(*, frozen: bool) -> paddle.nn.Layer:
    """HRNet with 18 channels; ``frozen`` as in ``resnet``."""
    net: paddle.nn.Layer = ppdet_modeling("backbones.hrnet").HRNet(
        width=18, freeze_at=0 if frozen else -1, freeze_norm=frozen, return_idx=[0, 1, 2, 3]
    )
    return net


def cspresnet(**multiples: Any) -> paddle.nn.Layer:
    """The CSPRepResNet of PP-YOLOE+.

    Args:
        multiples: ``depth_mult`` and ``width_mult``.
    """
    net: paddle.nn.Layer = ppdet_modeling("backbones.cspresnet").CSPResNet(
        layers=[3, 6, 6, 3],
        channels=[64, 128, 256, 512, 1024],
        return_idx=[1, 2, 3],
        use_large_stem=True,
        use_alpha=True,
        **multiples,
    )
    return net
