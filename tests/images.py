"""Small real datasets of the four formats: coloured shapes on noise, the same bytes for the same arguments.

Every maker writes a folder as people bring it (see "Dataset folders" in the documentation) and returns that folder.
The spoilers at the end turn a good file into a bad one.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image, ImageDraw

CLASSES = ("circle", "square", "triangle")
COLOURS = ((220, 40, 40), (40, 200, 60), (50, 80, 230), (230, 200, 40), (200, 60, 210), (40, 200, 210))

Size = int | tuple[int, int]
Box = tuple[int, int, int, int]
Shape = tuple[int, Box]
"""Index of the class and the box (x0, y0, x1, y1), all inside the image."""


def make_classification(
    folder: Path,
    per_class: int = 4,
    size: Size = 32,
    classes: Sequence[str] = CLASSES,
    *,
    suffix: str = ".png",
    seed: int = 0,
) -> Path:
    """One folder a class with ``per_class`` images of one shape each: ``<class>/0000.png``."""
    rng = np.random.default_rng(seed)
    for index, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(per_class):
            image, _ = picture(rng, size, [index], fill=True)
            image.save(folder / name / f"{number:04d}{suffix}")
    return folder


def make_detection(
    folder: Path,
    count: int = 6,
    size: Size = (96, 64),
    classes: Sequence[str] = CLASSES,
    *,
    objects: int = 2,
    backgrounds: int = 0,
    coco: bool = False,
    suffix: str = ".jpg",
    seed: int = 0,
) -> Path:
    """``JPEGImages/0000.jpg`` with ``Annotations/0000.xml`` (Pascal VOC), or with ``annotations.json`` where ``coco``.

    The last ``backgrounds`` of the ``count`` images have no object.
    """
    if coco:
        return make_instance_segmentation(
            folder, count, size, classes, objects=objects, backgrounds=backgrounds, suffix=suffix, seed=seed
        )
    (folder / "Annotations").mkdir(parents=True, exist_ok=True)
    for name, image, shapes in _scenes(folder, count, size, classes, objects, backgrounds, suffix, seed):
        write_voc(folder / "Annotations" / f"{Path(name).stem}.xml", name, image.size, shapes, classes)
    return folder


def make_segmentation(
    folder: Path,
    count: int = 6,
    size: Size = (96, 64),
    classes: Sequence[str] = CLASSES,
    *,
    objects: int = 2,
    backgrounds: int = 0,
    labels_txt: bool = True,
    ignored: bool = False,
    suffix: str = ".jpg",
    seed: int = 0,
) -> Path:
    """``JPEGImages/0000.jpg`` with ``Annotations/0000.png``: 0 is background, ``classes[i]`` has the id ``i + 1``.

    ``labels_txt`` writes ``background`` and the classes; ``ignored`` marks the top row of every annotation with 255.
    """
    (folder / "Annotations").mkdir(parents=True, exist_ok=True)
    for name, image, shapes in _scenes(folder, count, size, classes, objects, backgrounds, suffix, seed):
        mask = Image.new("P", image.size, 0)
        # All 256 colours: with fewer, Pillow writes fewer bits a pixel, which cannot hold 255.
        mask.putpalette([0, 0, 0, *(part for colour in COLOURS for part in colour)] + [255] * (765 - 3 * len(COLOURS)))
        draw = ImageDraw.Draw(mask)
        for index, box in shapes:
            _draw_shape(draw, index, box, index + 1)
        if ignored:
            draw.line((0, 0, image.width, 0), fill=255)
        mask.save(folder / "Annotations" / f"{Path(name).stem}.png")
    if labels_txt:
        (folder / "labels.txt").write_text("\n".join(["background", *classes]) + "\n", encoding="utf-8")
    return folder


def make_instance_segmentation(
    folder: Path,
    count: int = 6,
    size: Size = (96, 64),
    classes: Sequence[str] = CLASSES,
    *,
    objects: int = 2,
    backgrounds: int = 0,
    suffix: str = ".jpg",
    seed: int = 0,
) -> Path:
    """``JPEGImages/0000.jpg`` with ``annotations.json`` (COCO): one polygon an object, category ids from 1."""
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for name, image, shapes in _scenes(folder, count, size, classes, objects, backgrounds, suffix, seed):
        images.append({"id": len(images) + 1, "file_name": name, "width": image.width, "height": image.height})
        for index, (x0, y0, x1, y1) in shapes:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": index + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                    "segmentation": [_polygon(index, (x0, y0, x1, y1))],
                }
            )
    categories = [{"id": index + 1, "name": name} for index, name in enumerate(classes)]
    write_json(folder / "annotations.json", {"images": images, "annotations": annotations, "categories": categories})
    return folder


def make_dataset(folder: Path, type: str, **options: object) -> Path:
    """The maker of the format ``type`` (a project type's name) with its options."""
    makers = {
        "classification": make_classification,
        "detection": make_detection,
        "segmentation": make_segmentation,
        "instance_segmentation": make_instance_segmentation,
    }
    return makers[type](folder, **options)  # type: ignore[operator]


def picture(
    rng: np.random.Generator, size: Size, kinds: Sequence[int], *, fill: bool = False
) -> tuple[Image.Image, list[Shape]]:
    """An RGB image of noise with one shape for each class index of ``kinds``, and where the shapes lie.

    Args:
        rng: source of the noise and the places.
        size: width and height, or the side of a square, in pixels.
        kinds: class indices; they choose form and colour.
        fill: let a shape take nearly the whole image.
    """
    width, height = (size, size) if isinstance(size, int) else size
    image = Image.fromarray(rng.integers(90, 160, (height, width, 3), dtype=np.uint8))
    draw = ImageDraw.Draw(image)
    shapes: list[Shape] = []
    side = min(width, height)
    for index in kinds:
        extent = int(rng.integers(max(4, side // 2), max(5, side - 2))) if fill else max(4, side // 3)
        x0, y0 = int(rng.integers(0, width - extent)), int(rng.integers(0, height - extent))
        box = (x0, y0, x0 + extent - 1, y0 + extent - 1)
        _draw_shape(draw, index, box, COLOURS[index % len(COLOURS)])
        shapes.append((index, box))
    return image, shapes


def write_voc(path: Path, name: str, size: tuple[int, int], shapes: Sequence[Shape], classes: Sequence[str]) -> None:
    """A Pascal VOC annotation file."""
    objects = "".join(
        f"<object><name>{escape(classes[index])}</name><difficult>0</difficult><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin>"
        f"<xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for index, (x0, y0, x1, y1) in shapes
    )
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?><annotation><filename>{escape(name)}</filename>'
        f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>{objects}</annotation>",
        encoding="utf-8",
    )


def write_json(path: Path, content: object) -> None:
    """A JSON file with its Chinese readable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def truncate(path: Path, share: float = 0.5) -> Path:
    """Cuts a file off, as an interrupted copy leaves it."""
    data = path.read_bytes()
    path.write_bytes(data[: max(1, int(len(data) * share))])
    return path


def scramble(path: Path) -> Path:
    """Replaces a file by text that is no image."""
    path.write_text("this is no image", encoding="utf-8")
    return path


def bomb(path: Path, side: int = 60_000) -> Path:
    """A PNG of a few hundred bytes that declares ``side`` × ``side`` pixels."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(1000))),
        (b"IEND", b""),
    ]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    )
    return path


def _scenes(
    folder: Path, count: int, size: Size, classes: Sequence[str], objects: int, backgrounds: int, suffix: str, seed: int
) -> list[tuple[str, Image.Image, list[Shape]]]:
    """Writes ``count`` images below ``JPEGImages``; every class occurs as soon as there are shapes enough."""
    rng = np.random.default_rng(seed)
    (folder / "JPEGImages").mkdir(parents=True, exist_ok=True)
    scenes = []
    for number in range(count):
        full = number < count - backgrounds
        kinds = [(number * objects + place) % len(classes) for place in range(objects)] if full else []
        image, shapes = picture(rng, size, kinds)
        name = f"{number:04d}{suffix}"
        image.save(folder / "JPEGImages" / name)
        scenes.append((name, image, shapes))
    return scenes


def _draw_shape(draw: ImageDraw.ImageDraw, index: int, box: Box, fill: int | tuple[int, int, int]) -> None:
    if index % 3 == 0:
        draw.ellipse(box, fill=fill)
    elif index % 3 == 1:
        draw.rectangle(box, fill=fill)
    else:
        draw.polygon(_polygon(index, box), fill=fill)


def _polygon(index: int, box: Box) -> list[int]:
    """Outline of a shape as x, y, x, y, …; a circle is an octagon."""
    x0, y0, x1, y1 = box
    if index % 3 == 0:
        cut = (x1 - x0) * 3 // 10
        return [
            x0 + cut,
            y0,
            x1 - cut,
            y0,
            x1,
            y0 + cut,
            x1,
            y1 - cut,
            x1 - cut,
            y1,
            x0 + cut,
            y1,
            x0,
            y1 - cut,
            x0,
            y0 + cut,
        ]
    if index % 3 == 1:
        return [x0, y0, x1, y0, x1, y1, x0, y1]
    return [(x0 + x1) // 2, y0, x1, y1, x0, y1]
