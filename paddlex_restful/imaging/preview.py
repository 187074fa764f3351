"""Training examples as people look at them: changed by a recipe, their labels drawn."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from paddlex_restful.datasets import Sample, drawing
from paddlex_restful.enums import ProjectType
from paddlex_restful.imaging import geometry
from paddlex_restful.imaging.example import Example, load_example
from paddlex_restful.imaging.recipes import Recipe

_READABLE_SIDE = 240
"""Pixels of a picture's shorter side, at least, so that a name fits onto it."""
MOST_SIDE = 1024
"""Pixels of its longer side, at most, unless another is asked for."""

Form = Literal["PNG", "WEBP"]

_OPTIONS: Mapping[Form, Mapping[str, Any]] = {"PNG": {"compress_level": 1}, "WEBP": {"quality": 80, "method": 1}}


def draw_previews(
    samples: Sequence[Sample],
    project_type: str,
    params: Mapping[str, Any],
    labels: Sequence[str],
    count: int,
    seed: int,
    *,
    most_side: int = MOST_SIDE,
    form: Form = "PNG",
) -> Iterator[tuple[Path, bytes]]:
    """Change and draw some of the images of a training.

    Args:
        samples: the images to choose from.
        project_type: of the dataset, such as ``detection``.
        params: the training parameters.
        labels: names of the classes.
        count: how many images; all of them where there are fewer.
        seed: decides which images, and all that is done to them.
        most_side: pixels of a picture's longer side, at most.
        form: of the pictures' files.

    Yields:
        The file of an image and its picture.

    Raises:
        JobFailed: an image or its annotation cannot be read.
    """
    random = np.random.default_rng(seed)
    recipe = Recipe(project_type, params)

    def other() -> Example:
        return load_example(samples[int(random.integers(len(samples)))], project_type)

    for index in random.choice(len(samples), min(count, len(samples)), replace=False):
        sample = samples[int(index)]
        size = int(random.choice(recipe.sides)) if recipe.sides else None
        example = recipe(load_example(sample, project_type), random, other, size)
        buffer = io.BytesIO()
        picture = _drawn(_readable(example, most_side), sample, ProjectType(project_type), labels)
        picture.save(buffer, form, **_OPTIONS[form])
        yield sample.image, buffer.getvalue()


def _readable(example: Example, most_side: int) -> Example:
    sides = example.width, example.height
    factor = min(max(1.0, _READABLE_SIDE / min(sides)), most_side / max(sides))
    width, height = (max(1, round(side * factor)) for side in sides)
    return geometry.resize(example, width, height)


def _drawn(example: Example, sample: Sample, kind: ProjectType, labels: Sequence[str]) -> Image.Image:
    image = Image.fromarray(example.image)
    if kind is ProjectType.CLASSIFICATION:
        assert isinstance(sample.label, int)
        return drawing.caption(image, labels[sample.label], sample.label)
    if example.mask is not None:
        present = [int(number) for number in np.unique(example.mask) if 0 < number < len(labels)]
        image = drawing.masks(image, [(example.mask == number, number) for number in present])
        return drawing.legend(image, [(labels[number], number) for number in present])
    classes = example.classes.tolist()
    if example.polygons is not None:
        outlines = [[part.ravel().tolist() for part in parts] for parts in example.polygons]
        regions = [drawing.polygon_mask(image.size, each) for each in outlines]
        image = drawing.masks(image, list(zip(regions, classes, strict=True)))
    names = [caption(labels[index], weight) for index, weight in zip(classes, example.weights, strict=True)]
    return drawing.boxes(image, list(zip(example.boxes.tolist(), names, classes, strict=True)))


def caption(label: str, weight: float) -> str:
    """What is written on an object: its class, and how much it counts where images were mixed."""
    return label if weight == 1 else f"{label} {weight:.2f}"
