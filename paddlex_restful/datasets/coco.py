"""COCO annotation files: ``annotations.json``, or ``train.json``, ``val.json`` and ``test.json``."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from paddlex_restful.datasets import boxes, pairing
from paddlex_restful.datasets.inspection import Content, Inspection, Size, count_labels
from paddlex_restful.datasets.reading import BadFile, read_whole
from paddlex_restful.datasets.report import Report
from paddlex_restful.datasets.rle import rle_is_valid
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.source import Source, tidy
from paddlex_restful.datasets.store import SPLITS, Split
from paddlex_restful.messages import dataset as messages
from paddlex_restful.stamps import stamp

ANNOTATIONS_FILE = "annotations.json"
SPLIT_FILES = {split: f"{split}.json" for split in SPLITS}
MAX_BYTES = 2 << 30

Record = dict[str, Any]


@dataclass
class CocoFile:
    """One sound file.

    Attributes:
        name: the file's name.
        labels: names of the categories, in the order of their ids.
        category: category id → index of the class.
        images: image file, relative to the dataset → its record.
        objects: image file → the records of its objects.
    """

    name: str
    labels: list[str] = field(default_factory=list)
    category: dict[int, int] = field(default_factory=dict)
    images: dict[str, Record] = field(default_factory=dict)
    objects: dict[str, list[Record]] = field(default_factory=dict)


def is_split(source: Source) -> bool:
    """Whether the folder brings its own split."""
    return source.has(SPLIT_FILES["train"]) and source.has(SPLIT_FILES["val"])


def present(source: Source) -> bool:
    """Whether the folder has COCO annotations, split or not."""
    return source.has(ANNOTATIONS_FILE) or is_split(source)


def check(inspection: Inspection, *, with_masks: bool) -> Content:
    """Check a folder of ``JPEGImages`` and COCO files.

    Where the folder brings a split and no ``annotations.json``, one is made of the parts.

    Args:
        inspection: the check under way.
        with_masks: whether every object needs a segmentation.
    """
    source = inspection.source
    split: Split | None = None
    extras: set[str] = set()
    parts: dict[str, CocoFile] = {}
    if is_split(source):
        parts = {name: _read(source, file) for name, file in SPLIT_FILES.items() if source.has(file)}
        split = {name: list(parts[name].images) if name in parts else [] for name in SPLITS}
        extras = {part.name for part in parts.values()}
        if not split["train"]:
            source.report.add(SPLIT_FILES["train"], messages.LIST_EMPTY)
    if source.has(ANNOTATIONS_FILE):
        whole = _read(source, ANNOTATIONS_FILE)
        extras.add(ANNOTATIONS_FILE)
        for part in parts.values():
            for image in part.images.keys() - whole.images.keys():
                source.report.add(image, messages.UNLISTED_IMAGE, annotation=ANNOTATIONS_FILE)
    elif parts:
        whole = _merge(source, list(parts.values()))
    else:
        source.why_not(ANNOTATIONS_FILE, messages.NO_FILE)
        whole = CocoFile(ANNOTATIONS_FILE)
    if split is None:
        for image in pairing.images(source):
            if whole.name and image not in whole.images and whole.labels:
                source.report.add(image, messages.UNLISTED_IMAGE, annotation=ANNOTATIONS_FILE)
    sizes = inspection.sizes([image for image in whole.images if source.has(image)])
    _check_objects(source, whole, sizes, with_masks)
    content = Content(
        whole.labels,
        dict.fromkeys(whole.images, ANNOTATIONS_FILE),
        count_labels(whole.labels, _members(whole)),
        extras,
        split,
    )
    if ANNOTATIONS_FILE not in extras and parts:
        content.made[ANNOTATIONS_FILE] = orjson.dumps(_document(whole))
    if not any(whole.objects.values()) and not len(source.report):
        source.report.add(ANNOTATIONS_FILE, messages.NO_OBJECTS)
    return content


def extended(source: Source, present: Collection[str], name: str) -> bytes:
    """The annotations of a dataset with those of another file; categories that are new come after the others.

    Args:
        source: the folder with both; what is not sound in the other file is reported.
        present: the images of the dataset. ``annotations.json`` may have more, which were not added to the end.
        name: the other file.
    """
    added = _read(source, name)
    whole = CocoFile(ANNOTATIONS_FILE)
    if present:
        whole = _read(Source(source.root, Report()), ANNOTATIONS_FILE)
        whole.images = {image: record for image, record in whole.images.items() if image in present}
    ids = {whole.labels[index]: number for number, index in whole.category.items()}
    for label in added.labels:
        if label not in ids:
            ids[label] = max(ids.values(), default=0) + 1
            whole.category[ids[label]] = len(whole.labels)
            whole.labels.append(label)
    for image, record in added.images.items():
        if image in whole.images:
            source.report.add(image, messages.JSON_HAS_ALREADY, annotation=name)
            continue
        whole.images[image] = record
        whole.objects[image] = [
            one | {"category_id": ids[added.labels[added.category[one["category_id"]]]]}
            if _is_integer(one.get("category_id")) and one["category_id"] in added.category
            else one
            for one in added.objects[image]
        ]
    return orjson.dumps(_document(whole))


def lists(folder: Path, split: Split) -> dict[str, bytes]:
    """The content of ``train.json``, ``val.json`` and ``test.json``, by name.

    Args:
        folder: an imported dataset.
        split: the images of each part.
    """
    whole = load(folder)
    content = {}
    for name, images in split.items():
        part = CocoFile(
            SPLIT_FILES[name],
            whole.labels,
            whole.category,
            {image: whole.images[image] for image in images},
            {image: whole.objects[image] for image in images},
        )
        content[part.name] = orjson.dumps(_document(part))
    return content


def samples(folder: Path, images: Sequence[str]) -> list[Sample]:
    """Images of an imported dataset with their objects, see ``Sample``."""
    whole = load(folder)
    return [Sample(folder / image, [_object(whole, image, one) for one in whole.objects[image]]) for image in images]


def load(folder: Path) -> CocoFile:
    """The annotations of an imported dataset, from memory while they are unchanged. Do not change the result."""
    return _load(str(folder), stamp(folder / ANNOTATIONS_FILE))


@lru_cache(maxsize=2)
def _load(folder: str, stamp: tuple[int, int, int]) -> CocoFile:
    report = Report()
    whole = _read(Source(Path(folder), report), ANNOTATIONS_FILE)
    report.raise_if_bad()
    return whole


def _object(whole: CocoFile, image: str, record: Record) -> Record:
    size = whole.images[image]["width"], whole.images[image]["height"]
    found = {
        "bbox": boxes.clip(_corners(record["bbox"]), size),
        "category": whole.category[record["category_id"]],
        "iscrowd": int(bool(record.get("iscrowd"))),
        "difficult": 0,
    }
    if record.get("segmentation"):
        found["segmentation"] = record["segmentation"]
    return found


def _read(source: Source, name: str) -> CocoFile:
    """Read one file as far as it is sound; all else is reported."""
    whole = CocoFile(name)
    report = source.report
    try:
        document = orjson.loads(read_whole(source.path(name), MAX_BYTES, source.root).removeprefix(b"\xef\xbb\xbf"))
    except BadFile as error:
        report.add(name, error.template, **error.values)
        return whole
    except orjson.JSONDecodeError as error:
        report.add(name, messages.JSON_BROKEN, reason=error)
        return whole
    parts = ("images", "annotations", "categories")
    for part in parts:
        records = document.get(part) if isinstance(document, dict) else None
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            report.add(name, messages.JSON_NOT_COCO, part=part, form=messages.OBJECTS)
            return whole
    _read_categories(source, whole, document["categories"])
    by_id = _read_images(source, whole, document["images"])
    for number, record in enumerate(document["annotations"], start=1):
        image = by_id.get(record["image_id"]) if _is_integer(record.get("image_id")) else None
        if image is None:
            report.add(name, messages.JSON_NO_IMAGE, number=number, value=str(record.get("image_id"))[:50])
        else:
            whole.objects[image].append(record)
    return whole


def _read_categories(source: Source, whole: CocoFile, records: list[Record]) -> None:
    report = source.report
    for record in records:
        if not _is_integer(record.get("id")) or not _is_name(record.get("name")):
            report.add(whole.name, messages.JSON_NOT_COCO, part=messages.EACH_CATEGORY, form=messages.ID_AND_NAME)
            return
    records = sorted(records, key=lambda record: int(record["id"]))
    if not records:
        report.add(whole.name, messages.JSON_NOT_COCO, part="categories", form=messages.AT_LEAST_ONE)
    for index, record in enumerate(records):
        name = record["name"].strip()
        if record["id"] in whole.category or name in whole.labels:
            report.add(whole.name, messages.JSON_TWICE, part="categories", value=name)
        else:
            whole.category[record["id"]] = index
            whole.labels.append(name)


def _read_images(source: Source, whole: CocoFile, records: list[Record]) -> dict[int, str]:
    report = source.report
    by_id: dict[int, str] = {}
    for record in records:
        file = record.get("file_name")
        if not _is_integer(record.get("id")) or not isinstance(file, str) or not file:
            report.add(whole.name, messages.JSON_NOT_COCO, part=messages.EACH_IMAGE, form=messages.ID_AND_FILE)
            continue
        image = _find(source, file)
        if image is None:
            source.why_not(f"{pairing.IMAGES}/{file[:200]}", messages.MISSING_IMAGE, annotation=whole.name)
            by_id.setdefault(record["id"], file)
            whole.objects.setdefault(file, [])
        elif record["id"] in by_id or image in whole.images:
            report.add(whole.name, messages.JSON_TWICE, part="images", value=f"{file[:200]} (id {record['id']})")
        elif not _is_number(record.get("width")) or not _is_number(record.get("height")):
            part = messages.ONE_IMAGE.format(file=file[:200])
            report.add(whole.name, messages.JSON_NOT_COCO, part=part, form=messages.SIZED)
        else:
            by_id[record["id"]] = image
            whole.images[image] = record
            whole.objects[image] = []
    return by_id


def _find(source: Source, file: str) -> str | None:
    """The image that a ``file_name`` means: below ``JPEGImages``, or as it stands, or by its last part."""
    name = tidy(file)
    candidates = [f"{pairing.IMAGES}/{name}", name] if name else []
    candidates.append(f"{pairing.IMAGES}/{PurePosixPath(file.replace(chr(92), '/')).name}")
    return next((found for found in candidates if source.has(found)), None)


def _check_objects(source: Source, whole: CocoFile, sizes: Mapping[str, Size], with_masks: bool) -> None:
    report = source.report
    for image, record in whole.images.items():
        if image not in sizes:
            continue
        width, height = size = sizes[image]
        if (record["width"], record["height"]) != size:
            values = {"where": whole.name, "width": record["width"], "height": record["height"]}
            report.add(image, messages.JSON_SIZE_DIFFERS, **values, image_width=width, image_height=height)
            continue
        for number, one in enumerate(whole.objects[image], start=1):
            if not _is_integer(one.get("category_id")) or one["category_id"] not in whole.category:
                name = str(one.get("category_id"))[:50]
                report.add(image, messages.UNKNOWN_CATEGORY, number=number, name=name, where=whole.name)
            box = one.get("bbox")
            if not isinstance(box, list) or len(box) != 4 or not all(_is_number(value) for value in box):
                report.add(image, messages.JSON_NO_BOX, number=number)
                continue
            fault = boxes.fault(_corners(box), size)
            if fault is not None:
                shown = boxes.printable(_corners(box))
                report.add(image, fault, number=number, box=shown, width=width, height=height)
            fault = _segmentation_fault(one.get("segmentation"), size, with_masks)
            if fault is not None:
                report.add(image, fault, number=number, width=width, height=height)


def _segmentation_fault(segmentation: object, size: Size, needed: bool) -> str | None:
    if not segmentation:
        return messages.POLYGON_BAD if needed else None
    if isinstance(segmentation, dict):
        return None if rle_is_valid(segmentation, size) else messages.POLYGON_BAD
    if not isinstance(segmentation, list):
        return messages.POLYGON_BAD
    for polygon in segmentation:
        if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2 or not all(map(_is_number, polygon)):
            return messages.POLYGON_BAD
        corners = [min(polygon[0::2]), min(polygon[1::2]), max(polygon[0::2]), max(polygon[1::2])]
        if boxes.fault(corners, size) is messages.BOX_OUTSIDE:
            return messages.POLYGON_OUTSIDE
    return None


def _merge(source: Source, parts: list[CocoFile]) -> CocoFile:
    """One file of several; an image that several of them hold is taken from the first."""
    first = parts[0]
    whole = CocoFile(ANNOTATIONS_FILE, first.labels, {index + 1: index for index in range(len(first.labels))})
    for part in parts:
        if part.labels != first.labels:
            source.report.add(part.name, messages.JSON_CATEGORIES_DIFFER, other=first.name)
            continue
        for image in part.images.keys() - whole.images.keys():
            whole.images[image] = part.images[image]
            whole.objects[image] = [
                one | {"category_id": part.category[one["category_id"]] + 1}
                if _is_integer(one.get("category_id")) and one["category_id"] in part.category
                else one
                for one in part.objects[image]
            ]
    whole.images = dict(sorted(whole.images.items()))
    return whole


def _document(whole: CocoFile) -> Record:
    """The COCO document of a file, its ids counted anew from 1 and its image names without their folder."""
    images, annotations = [], []
    for number, (image, record) in enumerate(whole.images.items(), start=1):
        images.append(record | {"id": number, "file_name": image.removeprefix(f"{pairing.IMAGES}/")})
        annotations += [one | {"image_id": number} for one in whole.objects[image]]
    for number, one in enumerate(annotations, start=1):
        one["id"] = number
    categories = [{"id": number, "name": whole.labels[index]} for number, index in whole.category.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def _members(whole: CocoFile) -> list[tuple[str, list[str]]]:
    return [
        (
            image,
            [
                whole.labels[whole.category[one["category_id"]]]
                for one in whole.objects[image]
                if _is_integer(one.get("category_id")) and one["category_id"] in whole.category
            ],
        )
        for image in whole.images
    ]


def _corners(box: Sequence[float]) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return x, y, x + width, y + height


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.strip().isprintable()
