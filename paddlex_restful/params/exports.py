"""Which models can be exported in which format, known before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddlex_restful.enums import ProjectType
from paddlex_restful.messages import exports as sentences

_DETECTION = ProjectType.DETECTION.value
_SEGMENTATION = ProjectType.SEGMENTATION.value
_INSTANCES = ProjectType.INSTANCE_SEGMENTATION.value

OPSETS = range(11, 20)
"""Sets of ONNX operators that can be asked for: older ones lack what resizing needs."""

DEFAULT_OPSET = 13

VALID_PLACES = ("arm", "arm_opencl", "x86")
"""What Paddle-Lite models can be made for; the first unless told otherwise."""

_NOT_ONNX: Mapping[tuple[str, str], str] = {
    (_DETECTION, "PPYOLO"): sentences.MATRIX_NMS,
    (_DETECTION, "PPYOLOv2"): sentences.MATRIX_NMS,
    (_DETECTION, "FasterRCNN"): sentences.PROPOSALS,
    (_INSTANCES, "MaskRCNN"): sentences.PROPOSALS,
}
"""What of a model paddle2onnx does not know."""

_PLAIN_NMS = frozenset({"MobileNetV3_large", "MobileNetV3_small"})
"""Backbones of PPYOLO that choose otherwise than the others."""

_LEAST_SIDES: Mapping[tuple[str, str], int] = {(_SEGMENTATION, "FastSCNN"): 192}
"""Pixels that an input must have in each direction, or a pooling layer has parts without any, at which paddle2onnx
divides by zero."""


_NOT_QUANTISED: Mapping[tuple[str, str], str] = {
    (_DETECTION, "PicoDet"): sentences.CHANNELS_IN_A_VECTOR,
}
"""Why a model cannot be quantised."""

_NOT_LITE: Mapping[tuple[str, str], str] = {(_SEGMENTATION, "OCRNet_HRNet-W18"): sentences.BMM}
"""What of a model Paddle-Lite does not know."""


def onnx_refusal(project_type: str, params: Mapping[str, Any]) -> str | None:
    """Why a trained model cannot be exported as ONNX, in a sentence; None where it can.

    Args:
        project_type: of the task.
        params: its training parameters.
    """
    name = project_type, params["model"]
    lacking = _NOT_ONNX.get(name)
    if lacking is not None and not (name[1] == "PPYOLO" and params["backbone"] in _PLAIN_NMS):
        return sentences.NOT_ONNX.format(model=name[1], lacking=lacking)
    least = _LEAST_SIDES.get(name, 0)
    if min(params["image_shape"]) < least:
        return sentences.TOO_SMALL_FOR_ONNX.format(model=name[1], least=least)
    return None


def quantisation_refusal(project_type: str, params: Mapping[str, Any]) -> str | None:
    """Why a trained model cannot be quantised, in a sentence; None where it can.

    Args:
        project_type: of the task.
        params: its training parameters.
    """
    reason = _NOT_QUANTISED.get((project_type, params["model"]))
    return None if reason is None else sentences.NOT_QUANTISED.format(model=params["model"], reason=reason)


def lite_refusal(project_type: str, params: Mapping[str, Any]) -> str | None:
    """Why a trained model cannot be exported for Paddle-Lite, in a sentence; None where it can.

    Args:
        project_type: of the task.
        params: its training parameters.
    """
    lacking = _NOT_LITE.get((project_type, params["model"]))
    return None if lacking is None else sentences.NOT_LITE.format(model=params["model"], lacking=lacking)
