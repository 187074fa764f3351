"""Scenes of handwritten digits on photographs: ``python -m paddlex_restful.demo.scenes TYPE FOLDER``.

Every scene is a cut-out of a photograph that scikit-learn or scikit-image ships, with some of scikit-learn's
handwritten digits (see ``digits``) painted onto it in a colour that stands out, each with its box, its mask and its
outline. The handwriting of training, validation and test is not the same: each digit of the collection belongs to one
split.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import demo as messages

SCENES = 400
SIDE = 160
LABELS = tuple("0123456789")

_PHOTOGRAPHS = {
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
    "skimage": tuple(
        f"data/{name}"
        for name in (
            "astronaut.png",
            "brick.png",
            "camera.png",
            "chelsea.png",
            "coffee.png",
            "grass.png",
            "gravel.png",
            "moon.png",
            "motorcycle_left.png",
            "rocket.jpg",
        )
    ),
}
_SHARES = {"train": 7, "val": 1, "test": 2}
"""Tenths of the scenes, and of the handwritten digits, that each split gets."""

DIGITS = (3, 8)
"""Digits of a scene, at least and at most, where they find room."""

HEIGHTS = (0.15, 0.28)
"""Height of a digit, at least and at most, as a share of the scene's side."""

_ATTEMPTS = 20
_DENSITY = 1.4
_INK = 0.5
"""Share of ink from which on a pixel belongs to a digit."""

_LEAST_CONTRAST = 90
"""Of the mean brightness below a digit and that of its ink, of 255."""


@dataclass(frozen=True)
class Placed:
    """A digit in a scene.

    Attributes:
        digit: which.
        mask: its pixels, [H, W] of the scene.
    """

    digit: int
    mask: NDArray[np.bool_]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 in pixels; the last two are the first outside."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    def polygons(self) -> list[list[float]]:
        """Its outer outlines, [x, y, x, y, …] each; the holes of a 0 or an 8 are not outlined."""
        # Enlarged, so that the outline runs around the pixels and not through the middle of those at the edge.
        large = np.kron(self.mask.astype(np.uint8), np.ones((4, 4), np.uint8))
        outlines, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        return [(outline.reshape(-1) / 4).tolist() for outline in outlines if len(outline) >= 3]


@dataclass(frozen=True)
class Scene:
    """One scene.

    Attributes:
        image: [H, W, 3] RGB.
        objects: the digits in it; their masks do not overlap.
    """

    image: NDArray[np.uint8]
    objects: list[Placed]


def write_scenes(
    folder: Path,
    project_type: str,
    count: int = SCENES,
    side: int = SIDE,
    seed: int = 0,
    heights: tuple[float, float] = HEIGHTS,
    digits: tuple[int, int] = DIGITS,
) -> int:
    """Write scenes as a dataset of a project type that brings its own split; the same call writes the same bytes.

    Detection is written as Pascal VOC, segmentation with one PNG of class ids a scene (0 is the background, digit d is
    d + 1), instance segmentation as COCO.

    Args:
        folder: where they go; made if it is missing, else empty.
        project_type: ``detection``, ``segmentation`` or ``instance_segmentation``.
        count: number of scenes, 10 at least.
        side: width and height of a scene in pixels, 64 at least.
        seed: of all that is drawn by lot.
        heights: of a digit, at least and at most, as a share of the side.
        digits: of a scene, at least and at most, where they find room.

    Returns:
        The number of digits in all scenes.

    Raises:
        UserError: the folder holds files, an argument is impossible, or the pictures are not installed.
        OSError: a file cannot be written.
    """
    if project_type not in _WRITERS:
        raise UserError(messages.NO_SCENES_OF, type=project_type, types=", ".join(_WRITERS))
    if count < 10 or side < 64:
        raise UserError(messages.TOO_FEW_SCENES, count=count, side=side)
    handwriting = _handwriting()
    photographs = _photographs()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UserError(messages.FOLDER_NOT_EMPTY, folder=folder)
    (folder / "JPEGImages").mkdir()
    writer = _WRITERS[project_type](folder)
    written = 0
    for number, split in enumerate(_splits(count)):
        random = np.random.default_rng([seed, number])
        scene = make_scene(random, photographs, handwriting[split], side, heights, digits)
        name = f"{number:05}"
        Image.fromarray(scene.image).save(folder / "JPEGImages" / f"{name}.jpg", quality=92)
        writer.add(name, split, scene)
        written += len(scene.objects)
    writer.finish()
    return written


def make_scene(
    random: np.random.Generator,
    photographs: Sequence[NDArray[np.uint8]],
    handwriting: Sequence[tuple[int, NDArray[np.float32]]],
    side: int,
    heights: tuple[float, float] = HEIGHTS,
    digits: tuple[int, int] = DIGITS,
) -> Scene:
    """Paint digits onto a cut-out of a photograph.

    Args:
        random: decides everything.
        photographs: [H, W, 3] each, no side smaller than 64.
        handwriting: which digit, and its ink from 0 to 1, [8, 8].
        side: of the scene in pixels.
        heights: of a digit, at least and at most, as a share of the side.
        digits: at least and at most, where they find room.
    """
    image = _cut_out(random, photographs[int(random.integers(len(photographs)))], side).astype(np.float32)
    taken = np.zeros((side, side), bool)
    objects: list[Placed] = []
    for _ in range(random.integers(digits[0], digits[1] + 1)):
        digit, ink = handwriting[int(random.integers(len(handwriting)))]
        ink = _enlarged(ink, round(side * random.uniform(*heights)), random.uniform(0.8, 1.15))
        height, width = ink.shape
        for _ in range(_ATTEMPTS):
            y, x = int(random.integers(side - height + 1)), int(random.integers(side - width + 1))
            place = np.s_[y : y + height, x : x + width]
            if not taken[place].any():
                break
        else:
            continue
        below = image[place]
        image[place] += ink[..., None] * (_colour(random, float(below.mean())) - below)
        mask = np.zeros((side, side), bool)
        mask[place] = ink > _INK
        taken[place] = True
        objects.append(Placed(digit, mask))
    return Scene(image.round().clip(0, 255).astype(np.uint8), objects)


def _enlarged(ink: NDArray[np.float32], height: int, ratio: float) -> NDArray[np.float32]:
    size = (max(6, round(height * ratio)), max(6, height))
    # Interpolation spreads the ink; without the factor thin strokes would be too pale to be seen.
    enlarged: NDArray[np.float32] = np.clip(_DENSITY * cv2.resize(ink, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    return enlarged


def _cut_out(random: np.random.Generator, photograph: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = photograph.shape[:2]
    cut = int(random.integers(min(height, width, side) // 2, min(height, width) + 1))
    y, x = random.integers(height - cut + 1), random.integers(width - cut + 1)
    part = photograph[y : y + cut, x : x + cut]
    scaled: NDArray[np.uint8] = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
    return scaled


def _colour(random: np.random.Generator, brightness: float) -> NDArray[np.float32]:
    while True:
        colour = random.integers(0, 256, 3).astype(np.float32)
        if abs(float(colour.mean()) - brightness) >= _LEAST_CONTRAST:
            return colour


def _splits(count: int) -> Iterator[str]:
    tenths = [split for split, share in _SHARES.items() for _ in range(share)]
    return (tenths[number % 10] for number in range(count))


def _handwriting() -> dict[str, list[tuple[int, NDArray[np.float32]]]]:
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        raise UserError(messages.NO_DIGITS) from None
    digits = load_digits()
    found: dict[str, list[tuple[int, NDArray[np.float32]]]] = {split: [] for split in _SHARES}
    splits = _splits(len(digits.target))
    for split, ink, digit in zip(splits, digits.images, digits.target, strict=True):
        found[split].append((int(digit), (ink / 16).astype(np.float32)))
    return found


def _photographs() -> list[NDArray[np.uint8]]:
    found = []
    for package, names in _PHOTOGRAPHS.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise UserError(messages.NO_PHOTOGRAPHS, package=package)
        for name in names:
            with Image.open(Path(spec.origin).parent / name) as image:
                found.append(np.asarray(image.convert("RGB")))
    return found


class _Voc:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[str, list[str]] = {split: [] for split in _SHARES}
        (folder / "Annotations").mkdir()

    def add(self, name: str, split: str, scene: Scene) -> None:
        root = ElementTree.Element("annotation")
        ElementTree.SubElement(root, "filename").text = f"{name}.jpg"
        height, width = scene.image.shape[:2]
        _elements(ElementTree.SubElement(root, "size"), width=width, height=height, depth=3)
        for placed in scene.objects:
            one = ElementTree.SubElement(root, "object")
            ElementTree.SubElement(one, "name").text = LABELS[placed.digit]
            x0, y0, x1, y1 = placed.box
            _elements(ElementTree.SubElement(one, "bndbox"), xmin=x0, ymin=y0, xmax=x1, ymax=y1)
        ElementTree.indent(root)
        annotation = f"Annotations/{name}.xml"
        ElementTree.ElementTree(root).write(self._folder / annotation, encoding="utf-8")
        self._lines[split].append(f"JPEGImages/{name}.jpg {annotation}\n")

    def finish(self) -> None:
        _write_lists(self._folder, self._lines, LABELS)


class _Masks:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[str, list[str]] = {split: [] for split in _SHARES}
        (folder / "Annotations").mkdir()

    def add(self, name: str, split: str, scene: Scene) -> None:
        ids = np.zeros(scene.image.shape[:2], np.uint8)
        for placed in scene.objects:
            ids[placed.mask] = placed.digit + 1
        annotation = f"Annotations/{name}.png"
        Image.fromarray(ids).save(self._folder / annotation)
        self._lines[split].append(f"JPEGImages/{name}.jpg {annotation}\n")

    def finish(self) -> None:
        _write_lists(self._folder, self._lines, ("background", *LABELS))


class _Coco:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        categories = [{"id": number, "name": label} for number, label in enumerate(LABELS, 1)]
        self._parts: dict[str, dict[str, list[Any]]] = {
            split: {"images": [], "annotations": [], "categories": categories} for split in _SHARES
        }

    def add(self, name: str, split: str, scene: Scene) -> None:
        part = self._parts[split]
        height, width = scene.image.shape[:2]
        image = int(name) + 1
        part["images"].append({"id": image, "file_name": f"{name}.jpg", "width": width, "height": height})
        for placed in scene.objects:
            x0, y0, x1, y1 = placed.box
            part["annotations"].append(
                {
                    "id": len(part["annotations"]) + 1,
                    "image_id": image,
                    "category_id": placed.digit + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": int(placed.mask.sum()),
                    "iscrowd": 0,
                    "segmentation": placed.polygons(),
                }
            )

    def finish(self) -> None:
        for split, part in self._parts.items():
            (self._folder / f"{split}.json").write_text(json.dumps(part), encoding="utf-8")


_WRITERS: dict[str, type[_Voc | _Masks | _Coco]] = {
    ProjectType.DETECTION.value: _Voc,
    ProjectType.SEGMENTATION.value: _Masks,
    ProjectType.INSTANCE_SEGMENTATION.value: _Coco,
}


def _elements(parent: ElementTree.Element, **values: int) -> None:
    for name, value in values.items():
        ElementTree.SubElement(parent, name).text = str(value)


def _write_lists(folder: Path, lines: dict[str, list[str]], labels: Sequence[str]) -> None:
    for split, members in lines.items():
        (folder / f"{split}_list.txt").write_text("".join(members), encoding="utf-8")
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")


def main() -> int:
    """Run as a program; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m paddlex_restful.demo.scenes",
        description="Write scenes of handwritten digits on photographs as a dataset.",
    )
    parser.add_argument("type", choices=list(_WRITERS), help="the project type")
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    parser.add_argument("--count", type=int, default=SCENES, help="number of scenes (default: %(default)s)")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels a side (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn by lot (default: %(default)s)")
    args = parser.parse_args()
    try:
        digits = write_scenes(args.folder, args.type, args.count, args.side, args.seed)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{args.count} scenes with {digits} digits in {args.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
