"""What a project type's parameters make of an image before its net sees it: random changes in training, and the size.

All types resize to ``image_shape``. Classification, segmentation and detection in general do it without keeping the
ratio of the sides; the R-CNN models keep it: the short side becomes the first number, unless the long one would pass
the second.

The random changes, in this order:

* classification: colours, rotation, flips, see ``Augment``;
* detection: mixup with another image, a larger window (``expand_image``), a part of it (``crop_image``), colours, flip;
* detection with an R-CNN model, and instance segmentation: colours, flip. Parameters of mixup, windows and random
  shapes are stored with these models too, but belong to the others;
* segmentation: a part with another ratio of its sides (``scale_aspect``), rotation, colours, blur, flips.

Colours change at the size of the net's input, which is cheaper than before and the same but for rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from paddlex_restful.enums import ProjectType
from paddlex_restful.imaging import colours, geometry, windows
from paddlex_restful.imaging.augment import Augment
from paddlex_restful.imaging.colours import Jitter, probability, spread
from paddlex_restful.imaging.example import Example
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.imaging.mixing import mixup

Other = Callable[[], Example]
"""Gives another training example."""

_KEEP_RATIO = ("FasterRCNN", "MaskRCNN")
_BLUR_SIDES = (3, 5, 7, 9)
_MAX_ROTATION = 15
"""Degrees, where parameters do not say."""


class Recipe:
    """The random changes of training, and the resize to the size of the net's input.

    Args:
        project_type: such as ``detection``.
        params: the training parameters; a change that they do not name is off.

    Attributes:
        sides: of which a batch takes one at random for all its images (``random_shape``); empty where all batches are
            of one size.
    """

    def __init__(self, project_type: str, params: Mapping[str, Any]) -> None:
        kind = ProjectType(project_type)
        changes: _Changes
        self.sides: tuple[int, ...] = ()
        if kind is ProjectType.CLASSIFICATION:
            changes = _Classification(params)
        elif kind is ProjectType.SEGMENTATION:
            changes = _Segmentation(params)
        elif keeps_ratio(params):
            changes = _RatioKept(params)
        else:
            changes = _Detection(params)
            if params.get("random_shape"):
                self.sides = tuple(params["random_shape_sizes"])
        self._changes = changes
        self._kind, self._params = kind, params

    def __call__(self, example: Example, random: np.random.Generator, other: Other, size: int | None = None) -> Example:
        """Make one training example.

        Args:
            example: as it was loaded; it is left as it is.
            random: of all that is drawn.
            other: gives another training example; called at most once, and only for mixup.
            size: side in pixels of a square input, one of ``sides``; ``image_shape`` if None.
        """
        return self._changes(
            example, random, other, lambda width, height: input_size(self._kind, self._params, width, height, size)
        )


def keeps_ratio(params: Mapping[str, Any]) -> bool:
    """Whether a model's images keep the ratio of their sides: then they differ in size, and batches are padded."""
    return params["model"] in _KEEP_RATIO


def input_size(
    project_type: str, params: Mapping[str, Any], width: int, height: int, size: int | None = None
) -> tuple[int, int]:
    """Width and height of the net's input for an image of a given width and height.

    ``image_shape`` is width and height of classification, short and long side of the R-CNN models, otherwise height and
    width.

    Args:
        project_type: such as ``detection``.
        params: the training parameters.
        width: of the image, in pixels.
        height: of the image.
        size: side of a square input in place of ``image_shape``, where the ratio is not kept.
    """
    first, second = map(int, params["image_shape"])
    if ProjectType(project_type) is ProjectType.CLASSIFICATION:
        return first, second
    if keeps_ratio(params):
        scale = min(first / min(width, height), second / max(width, height))
        return max(1, round(width * scale)), max(1, round(height * scale))
    return (size, size) if size else (second, first)


def prepare(image: Pixels, project_type: str, params: Mapping[str, Any]) -> Pixels:
    """Resize an image for evaluation and use, as training does but without chance.

    Args:
        image: [H, W, 3].
        project_type: such as ``detection``.
        params: the training parameters: ``model`` and ``image_shape``.
    """
    height, width = image.shape[:2]
    return geometry.resize_image(image, *input_size(project_type, params, width, height))


_InputSize = Callable[[int, int], tuple[int, int]]
"""Width and height of an image to those of the net's input."""


class _Changes(Protocol):
    def __call__(self, example: Example, random: np.random.Generator, other: Other, size_for: _InputSize) -> Example:
        """Change an example at random and bring it to the size of the net's input."""


class _Classification:
    def __init__(self, params: Mapping[str, Any]) -> None:
        self._augment = Augment(params)

    def __call__(self, example: Example, random: np.random.Generator, other: Other, size_for: _InputSize) -> Example:
        resized = _fitted(example, size_for)
        return replace(resized, image=self._augment(resized.image, random.random(Augment.DRAWS)))


class _RatioKept:
    def __init__(self, params: Mapping[str, Any]) -> None:
        self._jitter = Jitter(params)
        self._mirror = probability(params, "horizontal_flip")

    def __call__(self, example: Example, random: np.random.Generator, other: Other, size_for: _InputSize) -> Example:
        resized = _fitted(example, size_for)
        resized = replace(resized, image=self._jitter(resized.image, random.random(Jitter.DRAWS)))
        return geometry.flip(resized, mirrored=random.random() < self._mirror, upended=False)


class _Detection:
    def __init__(self, params: Mapping[str, Any]) -> None:
        self._mixup = (float(params["mixup_alpha"]), float(params["mixup_beta"])) if params.get("use_mixup") else None
        self._expand = float(params["expand_prob"]) if params.get("expand_image") else 0.0
        self._crop = bool(params.get("crop_image"))
        self._jitter = Jitter(params)
        self._mirror = probability(params, "horizontal_flip")
        self._colour = mean_colour(params)

    def __call__(self, example: Example, random: np.random.Generator, other: Other, size_for: _InputSize) -> Example:
        if self._mixup is not None and (share := random.beta(*self._mixup)) < 1:
            example = mixup(example, other(), share)
        window = windows.whole(example)
        if random.random() < self._expand:
            window = windows.expanded(window, random)
        if self._crop:
            window = windows.cropped(window, example.boxes[~example.crowd], random)
            example = example.only(example.crowd | windows.centred(np.array([window]), example.boxes)[0])
        example = self._seen(example, window, size_for(example.width, example.height), random)
        return geometry.flip(example, mirrored=random.random() < self._mirror, upended=False)

    def _seen(
        self, example: Example, window: geometry.Window, size: tuple[int, int], random: np.random.Generator
    ) -> Example:
        """What a window shows, at the size of the net's input; only what there is of the image is resized."""
        width, height = size
        x0, y0, x1, y1 = window
        inside = max(0, x0), max(0, y0), min(example.width, x1), min(example.height, y1)
        left, right = _placed(inside[0] - x0, inside[2] - x0, x1 - x0, width)
        top, bottom = _placed(inside[1] - y0, inside[3] - y0, y1 - y0, height)
        part = geometry.resize(geometry.crop(example, inside), right - left, bottom - top)
        part = replace(part, image=self._jitter(part.image, random.random(Jitter.DRAWS)))
        return geometry.pad(part, width, height, left, top, self._colour)


class _Segmentation:
    def __init__(self, params: Mapping[str, Any]) -> None:
        self._scale = (
            (float(params["min_ratio"]), float(params["aspect_ratio"])) if params.get("scale_aspect") else None
        )
        self._degrees = float(params.get("max_rotation", _MAX_ROTATION)) if params.get("rotate") else 0.0
        self._jitter = Jitter(params)
        self._blur, self._mirror, self._upend = (
            probability(params, name) for name in ("blur", "horizontal_flip", "vertical_flip")
        )
        self._colour = mean_colour(params)

    def __call__(self, example: Example, random: np.random.Generator, other: Other, size_for: _InputSize) -> Example:
        if self._scale is not None:
            window = windows.rescaled(windows.whole(example), *self._scale, random)
            example = geometry.crop(example, window)
        if self._degrees:
            degrees = spread(random.random(), self._degrees)
            size = size_for(example.width, example.height)
            example = geometry.rotate(example, degrees, self._colour, size)
        else:
            example = _fitted(example, size_for)
        image = self._jitter(example.image, random.random(Jitter.DRAWS))
        if random.random() < self._blur:
            image = colours.blur(image, int(random.choice(_BLUR_SIDES)))
        example = replace(example, image=image)
        mirrored, upended = random.random(2) < (self._mirror, self._upend)
        return geometry.flip(example, mirrored=bool(mirrored), upended=bool(upended))


def mean_colour(params: Mapping[str, Any]) -> list[float]:
    """``image_mean`` as a colour: what is of this colour is zero for the net."""
    return [255 * float(value) for value in params["image_mean"]]


def _fitted(example: Example, size_for: _InputSize) -> Example:
    return geometry.resize(example, *size_for(example.width, example.height))


def _placed(start: int, end: int, whole: int, side: int) -> tuple[int, int]:
    """Where a part of a side lies when the whole side gets ``side`` pixels; one of them at least."""
    first = min(side - 1, round(start * side / whole))
    return first, max(first + 1, round(end * side / whole))
