"""An image with its labels beside the same image with what a model made of it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paddlex_restful.datasets import Sample, drawing, read_mask
from paddlex_restful.datasets.reading import BadFile
from paddlex_restful.datasets.rle import rle_mask
from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.imaging.example import Example, load_example
from paddlex_restful.messages import inference as sentences

_SHORTEST = 400
"""Pixels of the shorter side: smaller images are enlarged so far that a name fits onto them."""


def compare(
    sample: Sample,
    record: Mapping[str, Any],
    project_type: str,
    labels: Sequence[str],
    evaluation: Path,
    longest: int,
    headings: tuple[str, str],
) -> bytes:
    """Draws what is true of an image beside what was predicted, as PNG.

    Args:
        sample: the image with its labels.
        record: what the evaluation wrote of it; see ``metrics.errors``.
        project_type: name of a project type.
        labels: names of the classes.
        evaluation: folder of the evaluation.
        longest: pixels that the longer side of either picture has at most.
        headings: of the two pictures.

    Raises:
        UserError: the image, its annotation or the prediction cannot be read.
    """
    kind = ProjectType(project_type)
    example = load_example(sample, project_type)
    picture = _fitted(Image.fromarray(example.image), longest)
    truth = draw_truth(picture, example, sample, project_type, labels)
    if kind is ProjectType.CLASSIFICATION:
        predicted = record["predicted"]
        prediction = drawing.caption(picture, predicted, labels.index(predicted), record["score"])
    elif kind is ProjectType.SEGMENTATION:
        prediction = _regions(picture, _predicted_mask(evaluation, record), labels)
    else:
        scale = picture.width / example.width
        prediction = _objects(picture, _predicted_objects(record, scale, picture.size), labels)
    buffer = io.BytesIO()
    beside(truth, prediction, headings).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def draw_truth(
    picture: Image.Image, example: Example, sample: Sample, project_type: str, labels: Sequence[str]
) -> Image.Image:
    """A copy of a picture with what is true of it.

    Args:
        picture: the image, in any size.
        example: the image with its labels, in its own size.
        sample: what it was read of.
        project_type: name of a project type.
        labels: names of the classes.
    """
    if ProjectType(project_type) is ProjectType.CLASSIFICATION:
        assert isinstance(sample.label, int)
        return drawing.caption(picture, labels[sample.label], sample.label)
    if example.mask is not None:
        return _regions(picture, example.mask, labels)
    return _objects(picture, _true_objects(example, picture.width / example.width, picture.size), labels)


def beside(truth: Image.Image, prediction: Image.Image, headings: tuple[str, str] = sentences.HEADINGS) -> Image.Image:
    """Both pictures in a row, each below its heading."""
    return drawing.beside(list(zip(headings, (truth, prediction), strict=True)))


def _predicted_mask(evaluation: Path, record: Mapping[str, Any]) -> NDArray[np.uint8]:
    try:
        return read_mask(evaluation / record["mask"])
    except BadFile:
        raise UserError(sentences.NO_MASK, image=record["image"]) from None


@dataclass(frozen=True)
class _Object:
    """An object in a picture: box [x0, y0, x1, y1], index of its class, and score and mask where it has them."""

    box: Sequence[float]
    index: int
    score: float | None = None
    mask: NDArray[np.bool_] | None = None


def _true_objects(example: Example, scale: float, size: tuple[int, int]) -> list[_Object]:
    outlines: Sequence[Any] = example.polygons or [[]] * len(example.boxes)
    return [
        _Object(
            (box * scale).tolist(),
            int(index),
            mask=drawing.polygon_mask(size, [(part * scale).ravel().tolist() for part in parts]) if parts else None,
        )
        for box, index, parts in zip(example.boxes, example.classes, outlines, strict=True)
    ]


def _predicted_objects(record: Mapping[str, Any], scale: float, size: tuple[int, int]) -> list[_Object]:
    found = []
    # The surest is drawn last, above the others.
    for entry in reversed(record["predictions"]):
        x, y, width, height = (value * scale for value in entry["bbox"])
        rle = entry.get("segmentation")
        mask = None if rle is None else _resized(rle_mask(rle), size)
        found.append(_Object((x, y, x + width, y + height), entry["category_id"], entry["score"], mask))
    return found


def _objects(picture: Image.Image, objects: Sequence[_Object], labels: Sequence[str]) -> Image.Image:
    drawn = drawing.masks(picture, [(one.mask, one.index) for one in objects if one.mask is not None])
    scores = [one.score for one in objects if one.score is not None]
    return drawing.boxes(drawn, [(one.box, labels[one.index], one.index) for one in objects], scores or None)


def _regions(picture: Image.Image, mask: NDArray[np.uint8], labels: Sequence[str]) -> Image.Image:
    """Translucent classes with a legend of those that occur, without the background and what is ignored."""
    mask = _resized(mask, picture.size)
    present = [int(index) for index in np.unique(mask) if 0 < index < len(labels)]
    drawn = drawing.masks(picture, [(mask == index, index) for index in present])
    return drawing.legend(drawn, [(labels[index], index) for index in present])


def _fitted(picture: Image.Image, longest: int) -> Image.Image:
    scale = min(longest / max(picture.size), max(1.0, _SHORTEST / min(picture.size)))
    if scale == 1:
        return picture
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS)


def _resized(mask: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
