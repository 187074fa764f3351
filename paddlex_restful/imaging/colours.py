"""Changes of colour and sharpness, on 8-bit RGB images [H, W, 3]; each gives a new image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from paddlex_restful.imaging.image import Pixels


def brightness(image: Pixels, amount: float) -> Pixels:
    """Multiply by ``1 + amount``."""
    return _scale_about(image, 0.0, amount)


def contrast(image: Pixels, amount: float) -> Pixels:
    """Multiply the distance from the mean brightness by ``1 + amount``."""
    return _scale_about(image, float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).mean()), amount)


def saturation(image: Pixels, amount: float) -> Pixels:
    """Multiply the distance from grey by ``1 + amount``; -1 leaves no colour."""
    factor = max(0.0, 1 + amount)
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    blended: Pixels = cv2.addWeighted(image, factor, grey, 1 - factor, 0)
    return blended


def hue(image: Pixels, amount: float) -> Pixels:
    """Turn by ``amount`` degrees of the colour circle."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    hsv[..., 0] += np.uint8(round(amount * 256 / 360) % 256)
    turned: Pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)
    return turned


def blur(image: Pixels, side: int) -> Pixels:
    """Blur with a Gaussian kernel.

    Args:
        image: what to blur.
        side: of the kernel, odd, in pixels.
    """
    blurred: Pixels = cv2.GaussianBlur(image, (side, side), 0)
    return blurred


def _scale_about(image: Pixels, centre: float, amount: float) -> Pixels:
    table = centre + max(0.0, 1 + amount) * (np.arange(256) - centre)
    scaled: Pixels = cv2.LUT(image, table.round().clip(0, 255).astype(np.uint8))
    return scaled


_CHANGES = (brightness, contrast, saturation, hue)


class Jitter:
    """Random brightness, contrast, saturation and hue, in this order.

    Each parameter ``<change>`` switches one on, ``<change>_prob`` is its probability, and its amount lies between plus
    and minus ``<change>_range``.

    It draws nothing itself: the caller gives each image ``DRAWS`` numbers, so that these alone decide the result.

    Args:
        params: the training parameters; a change that they do not name is off.
    """

    DRAWS = 2 * len(_CHANGES)
    """Numbers that one image takes, uniform in [0, 1)."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        names = [change.__name__ for change in _CHANGES]
        self._probabilities = [probability(params, name) for name in names]
        self._ranges = [float(params.get(f"{name}_range", 0)) for name in names]

    def __call__(self, image: Pixels, draws: Sequence[float] | NDArray[np.float64]) -> Pixels:
        """Change one image, [H, W, 3]; it is left as it is."""
        for place, change in enumerate(_CHANGES):
            if draws[2 * place] < self._probabilities[place]:
                image = change(image, spread(draws[2 * place + 1], self._ranges[place]))
        return image


def probability(params: Mapping[str, Any], name: str) -> float:
    """Probability of a change: ``<name>_prob`` of the parameters, 0 where ``<name>`` switches it off."""
    return float(params.get(f"{name}_prob", 0.5)) if params.get(name) else 0.0


def spread(draw: float, reach: float) -> float:
    """The number between ``-reach`` and ``reach`` that a draw of [0, 1) stands for."""
    return (2 * float(draw) - 1) * reach
