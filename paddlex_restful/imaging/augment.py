"""The random changes of images without objects: those of a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from paddlex_restful.imaging.colours import Jitter, probability, spread
from paddlex_restful.imaging.geometry import rotate_image
from paddlex_restful.imaging.image import Pixels


class Augment:
    """The random changes of one training image, in this order: brightness, contrast, saturation, hue, rotation, flips.

    Each parameter ``<change>`` switches one on, ``<change>_prob`` is its probability, ``<change>_range`` its strength;
    see ``Jitter`` for the colours. The image is rotated about its centre by up to range degrees; what comes in at the
    corners is of the colour ``image_mean``.

    It draws nothing itself: the caller gives each image ``DRAWS`` numbers, so that these alone decide the result.

    Args:
        params: the training parameters; a change that they do not name is off.
    """

    DRAWS = Jitter.DRAWS + 4
    """Numbers that one image takes, uniform in [0, 1)."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._jitter = Jitter(params)
        self._rotate, self._mirror, self._upend = (
            probability(params, name) for name in ("rotate", "horizontal_flip", "vertical_flip")
        )
        self._degrees = float(params.get("rotate_range", 0))
        self._border = [255 * float(value) for value in params["image_mean"]]

    def __call__(self, image: Pixels, draws: Sequence[float] | NDArray[np.float64]) -> Pixels:
        """Change one image.

        Args:
            image: shape [H, W, 3]; it is left as it is.
            draws: ``DRAWS`` numbers in [0, 1).

        Returns:
            An image of the same shape.
        """
        image = self._jitter(image, draws[: Jitter.DRAWS])
        rotate, degrees, mirror, upend = draws[Jitter.DRAWS :]
        if rotate < self._rotate:
            image = rotate_image(image, spread(degrees, self._degrees), self._border)
        mirrored, upended = mirror < self._mirror, upend < self._upend
        if mirrored or upended:
            image = cv2.flip(image, -1 if mirrored and upended else int(mirrored))
        return image
