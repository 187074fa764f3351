"""From an image file to what classifiers and segmentation nets see: reading, resizing, normalisation.

Training, evaluation, prediction and the exported model all resize in the same way: to ``image_shape``, bilinear,
without keeping the ratio of the sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.imaging.geometry import resize_image
from paddlex_restful.imaging.image import Pixels, read_image


@dataclass(frozen=True)
class Preprocess:
    """What is done to an image before a net sees it, in evaluation and use; training adds random changes in between.

    Attributes:
        width: of the net's input, in pixels.
        height: of the net's input, in pixels.
        mean: subtracted from each channel (R, G, B), after pixels were divided by 255.
        std: then divides each channel.
    """

    width: int
    height: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of_params(cls, params: Mapping[str, Any]) -> Preprocess:
        """Take ``image_shape`` (width, height), ``image_mean`` and ``image_std`` from training parameters."""
        return cls._of(params["image_shape"], params["image_mean"], params["image_std"])

    @classmethod
    def of_info(cls, info: Mapping[str, Any]) -> Preprocess:
        """Take ``image_shape`` (width, height), ``mean`` and ``std`` from a checkpoint's ``model.yml``."""
        return cls._of(info["image_shape"], info["mean"], info["std"])

    @classmethod
    def _of(cls, shape: Sequence[int], mean: Sequence[float], std: Sequence[float]) -> Preprocess:
        return cls(int(shape[0]), int(shape[1]), tuple(map(float, mean)), tuple(map(float, std)))

    def resize(self, image: Pixels) -> Pixels:
        """Resize one image to the net's input size, bilinear."""
        return resize_image(image, self.width, self.height)

    def normalise(self, images: Pixels) -> NDArray[np.float32]:
        """Normalise resized images.

        Args:
            images: shape [N, H, W, 3].

        Returns:
            Array of shape [N, 3, H, W]: ``(pixels / 255 - mean) / std``.
        """
        std = np.asarray(self.std, np.float64)
        scale = (1 / (255 * std)).astype(np.float32).reshape(3, 1, 1)
        offset = (-np.asarray(self.mean) / std).astype(np.float32).reshape(3, 1, 1)
        out = np.empty((len(images), 3, *images.shape[1:3]), np.float32)
        np.multiply(images.transpose(0, 3, 1, 2), scale, out=out)
        out += offset
        return out

    def load(self, path: Path) -> Pixels:
        """Read and resize one image file; see ``read_image`` for the errors."""
        return self.resize(read_image(path))
