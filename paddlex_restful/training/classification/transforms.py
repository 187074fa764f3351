"""From an image file to what a net sees: reading, resizing, random changes, normalisation.

Images are RGB arrays of shape [H, W, 3], uint8, until they are normalised. Training, evaluation, prediction and the
exported model all resize in the same way: to ``image_shape``, bilinear, without keeping the ratio of the sides.
Training changes the resized image at random; nothing is cropped, so every object stays in the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages

Pixels = NDArray[np.uint8]
"""Images, RGB: [H, W, 3], or [N, H, W, 3]."""


def read_image(path: Path) -> Pixels:
    """Read an image of any common kind as people see it.

    The EXIF orientation is applied; grey becomes three equal channels, transparency is dropped, palettes are resolved,
    and of 16 bits the upper 8 are kept.

    Args:
        path: the file.

    Returns:
        Array of shape [H, W, 3], RGB.

    Raises:
        JobFailed: the file is missing, damaged, no image, or so large that decoding it is unsafe.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(_to_rgb(ImageOps.exif_transpose(image)))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise JobFailed(
            "unreadable_image", messages.UNREADABLE_IMAGE, file=f"{path.parent.name}/{path.name}"
        ) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).astype(np.int64).clip(0, 65535) >> 8).astype(np.uint8))
    elif image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


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
        resized: Pixels = cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        return resized

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


class Augment:
    """The random changes of one training image, in this order: brightness, contrast, saturation, hue, rotation, flips.

    Each parameter ``<change>`` switches one on, ``<change>_prob`` is its probability, ``<change>_range`` its strength:
    brightness, contrast and saturation are multiplied by a factor from 1 - range to 1 + range (contrast about the mean
    brightness, saturation about grey), hue is turned by up to range degrees of the colour circle, and the image is
    rotated about its centre by up to range degrees; what comes in at the corners is of the colour ``image_mean``.

    It draws nothing itself: the caller gives each image ``DRAWS`` numbers, so that these alone decide the result.

    Args:
        params: the training parameters; a change that they do not name is off.
    """

    DRAWS = 12
    """Numbers that one image takes, uniform in [0, 1)."""

    _COLOURS = ("brightness", "contrast", "saturation", "hue")

    def __init__(self, params: Mapping[str, Any]) -> None:
        changes = (*self._COLOURS, "rotate", "horizontal_flip", "vertical_flip")
        self._prob = {name: float(params.get(f"{name}_prob", 0.5)) for name in changes if params.get(name)}
        self._range = {name: float(params.get(f"{name}_range", 0)) for name in self._prob}
        self._border = [255 * float(value) for value in params["image_mean"]]

    def __call__(self, image: Pixels, draws: Sequence[float] | NDArray[np.float64]) -> Pixels:
        """Change one image.

        Args:
            image: shape [H, W, 3]; it is left as it is.
            draws: ``DRAWS`` numbers in [0, 1).

        Returns:
            An image of the same shape.
        """
        for place, name in enumerate((*self._COLOURS, "rotate")):
            if name in self._prob and draws[2 * place] < self._prob[name]:
                amount = (2 * float(draws[2 * place + 1]) - 1) * self._range[name]
                image = getattr(self, f"_{name}")(image, amount)
        mirrored = "horizontal_flip" in self._prob and draws[10] < self._prob["horizontal_flip"]
        upended = "vertical_flip" in self._prob and draws[11] < self._prob["vertical_flip"]
        if mirrored or upended:
            image = cv2.flip(image, -1 if mirrored and upended else int(mirrored))
        return image

    def _brightness(self, image: Pixels, amount: float) -> Pixels:
        return _scale_about(image, 0.0, amount)

    def _contrast(self, image: Pixels, amount: float) -> Pixels:
        return _scale_about(image, float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).mean()), amount)

    def _saturation(self, image: Pixels, amount: float) -> Pixels:
        factor = max(0.0, 1 + amount)
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        blended: Pixels = cv2.addWeighted(image, factor, grey, 1 - factor, 0)
        return blended

    def _hue(self, image: Pixels, amount: float) -> Pixels:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
        hsv[..., 0] += np.uint8(round(amount * 256 / 360) % 256)
        turned: Pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)
        return turned

    def _rotate(self, image: Pixels, amount: float) -> Pixels:
        height, width = image.shape[:2]
        turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), amount, 1.0)
        turned: Pixels = cv2.warpAffine(
            image,
            turn,
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=self._border,
        )
        return turned


def _scale_about(image: Pixels, centre: float, amount: float) -> Pixels:
    table = centre + max(0.0, 1 + amount) * (np.arange(256) - centre)
    scaled: Pixels = cv2.LUT(image, table.round().clip(0, 255).astype(np.uint8))
    return scaled
