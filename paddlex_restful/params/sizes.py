"""The sizes of the images that each net can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from paddlex_restful.messages import params as messages


@dataclass(frozen=True)
class InputSize:
    """The sizes that a net can take.

    Attributes:
        least: the shortest side of an image in pixels; below it a feature map would shrink to nothing.
        most: the longest side of an image in pixels; None for no limit of the net's own.
        multiple: width and height are multiples of it.
    """

    least: int = 32
    most: int | None = None
    multiple: int = 1


PARTICULAR_SIZES: Mapping[str, InputSize] = MappingProxyType(
    {
        # Its branches are resized by whole factors and added, so each halving must come out even.
        "HRNet_W18_C": InputSize(multiple=32),
        # Its first fully connected layer wants a feature map of 6 x 6, which only these sizes give.
        "AlexNet": InputSize(least=223, most=254),
        # Their coarsest maps are doubled and joined with the next finer ones, so each halving must come out even.
        **dict.fromkeys(("YOLOv3", "PPYOLO", "PPYOLOTiny", "PPYOLOv2", "PicoDet"), InputSize(multiple=32)),
        **dict.fromkeys((f"PP-YOLOE_plus-{size}" for size in "SMLX"), InputSize(multiple=32)),
    }
)
"""The nets whose sizes are not the common ones."""


def input_size(model: str) -> InputSize:
    """The sizes that a net can take; detectors that keep the ratio of the sides bring any image to one of theirs."""
    return PARTICULAR_SIZES.get(model, InputSize())


def size_problem(model: str, width: int, height: int) -> str | None:
    """What is wrong with a size for a net.

    Args:
        model: name of the net.
        width: in pixels.
        height: in pixels.

    Returns:
        A clause that says what the size must be; None if the net can take it.
    """
    known = input_size(model)
    size = {"width": width, "height": height, "model": model}
    if min(width, height) < known.least:
        return messages.SIZE_TOO_SMALL.format(least=known.least, **size)
    if known.most is not None and max(width, height) > known.most:
        return messages.SIZE_TOO_LARGE.format(most=known.most, **size)
    if width % known.multiple or height % known.multiple:
        return messages.SIZE_NOT_MULTIPLE.format(multiple=known.multiple, **size)
    return None
