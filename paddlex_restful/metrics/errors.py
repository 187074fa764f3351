"""The images that a model was wrong about, worst first, from what an evaluation wrote of each image.

``predictions.json`` is a list with one record an image, all plain JSON. Every record has ``image``, its path relative
to the dataset; the rest depends on the project type.

Classification: ``label`` and ``predicted``, names of classes, and ``score`` of the predicted one.

Detection and instance segmentation (``detection.image_record`` makes it):
    ``size``: width and height of the image in pixels.
    ``truths``: its objects, each ``category``, ``category_id``, ``bbox`` (x, y, width, height in pixels) and ``crowd``
        (whether it counts for nothing).
    ``predictions``: the detections that count, the highest score first, each ``category``, ``category_id``, ``score``,
        ``bbox``, ``match`` (index of the object in ``truths`` that it took, null for none), ``iou`` with it,
        ``set_aside`` (whether it lies in a crowd region) and, in instance segmentation, ``segmentation`` (a compressed
        RLE of COCO).

Segmentation (``segmentation.image_result`` makes most of it):
    ``iou``: mean IoU of the classes that occur in the annotation or the prediction, null where all pixels are ignored.
    ``confused``: each pair of classes of which pixels of the one were taken for the other: ``label``, ``predicted``
        and ``pixels``.
    ``classes``: by name, of each class that occurs or was predicted, its ``pixels`` and how many were ``missed``.
    ``mask``: name of the PNG with the predicted class ids, of the image's size, relative to the evaluation's folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddlex_restful.enums import ProjectType

Record = Mapping[str, Any]

FALSE_POSITIVE = "false_positive"
MISS = "miss"
CONFUSION = "confusion"
RIGHT = "right"
"""In the place of a kind of error: what was found as what it is."""


@dataclass(frozen=True)
class ImageErrors:
    """What a model did wrong in one image.

    Attributes:
        image: its path, relative to the dataset.
        error: from 0 to 1, larger is worse.
        false_positives: how much was found that is not there: objects; in segmentation, pixels.
        misses: how much is there and was not found.
        confusions: how much was found as another class.
        items: the errors themselves: ``kind``, ``category`` (what is there, None for a false positive), ``predicted``
            (what was said, None for a miss), and where they exist ``score``, ``iou``, ``bbox`` (x, y, width, height in
            pixels: of the object for a miss, else of the detection) and ``pixels``.
        right: names of the classes of which something was found as what it is.
    """

    image: str
    error: float
    false_positives: int
    misses: int
    confusions: int
    items: Sequence[Mapping[str, Any]]
    right: Sequence[str]


@dataclass(frozen=True)
class Wanted:
    """Which images are asked for.

    Attributes:
        kind: a kind of error, or ``RIGHT``; None for errors of any kind.
        category: the class that is there; None for any.
        predicted: the class that was said; None for any.
    """

    kind: str | None = None
    category: str | None = None
    predicted: str | None = None

    def amount(self, found: ImageErrors) -> int:
        """How much of it an image has: objects; in segmentation, pixels; 0 or 1 of what is right."""
        if self.kind == RIGHT:
            return int(bool(found.right) if self.category is None else self.category in found.right)
        return sum(item.get("pixels", 1) for item in found.items if self._matches(item))

    def _matches(self, item: Mapping[str, Any]) -> bool:
        return (
            self.kind in (None, item["kind"])
            and self.category in (None, item["category"])
            and self.predicted in (None, item["predicted"])
        )


ERRORS = Wanted()
"""All images with errors."""


def ranked(records: Iterable[Record], project_type: str, labels: Sequence[str]) -> list[ImageErrors]:
    """The images with errors, the worst first, then those with more errors, then by name.

    How wrong an image is: in classification the score of the wrong class; in detection and instance segmentation the
    share of errors among errors and right detections; in segmentation 1 - ``iou``.

    Args:
        records: what the evaluation wrote of each image.
        project_type: name of a project type.
        labels: names of the classes; of segmentation, the first is the background.
    """
    return [found for found in judged(records, project_type, labels) if found.items]


def judged(records: Iterable[Record], project_type: str, labels: Sequence[str]) -> list[ImageErrors]:
    """All images in the order of ``ranked``, those without errors at the end.

    Args:
        records: as of ``ranked``.
        project_type: as of ``ranked``.
        labels: as of ``ranked``.
    """
    errors_of = _ERRORS[ProjectType(project_type)]
    found = [errors_of(record, labels) for record in records]
    return sorted(
        found,
        key=lambda one: (not one.items, -one.error, -one.false_positives - one.misses - one.confusions, one.image),
    )


def _classification(record: Record, labels: Sequence[str]) -> ImageErrors:
    score, label, predicted = record["score"], record["label"], record["predicted"]
    if predicted == label:
        return _counted(record, 0.0, [], [label])
    return _counted(record, score, [{"kind": CONFUSION, "category": label, "predicted": predicted, "score": score}], [])


def _detection(record: Record, labels: Sequence[str]) -> ImageErrors:
    truths = record["truths"]
    items: list[dict[str, Any]] = []
    right: list[str] = []
    missed = {index for index, truth in enumerate(truths) if not truth["crowd"]}
    for found in record["predictions"]:
        told = {"predicted": found["category"], "score": found["score"], "bbox": found["bbox"]}
        if found["match"] is not None:
            missed.remove(found["match"])
            truth = truths[found["match"]]
            if truth["category_id"] == found["category_id"]:
                right.append(found["category"])
            else:
                items.append({"kind": CONFUSION, "category": truth["category"], **told, "iou": found["iou"]})
        elif not found["set_aside"]:
            items.append({"kind": FALSE_POSITIVE, "category": None, **told})
    for index in sorted(missed):
        truth = truths[index]
        items.append({"kind": MISS, "category": truth["category"], "predicted": None, "bbox": truth["bbox"]})
    return _counted(record, len(items) / max(1, len(items) + len(right)), items, right)


def _segmentation(record: Record, labels: Sequence[str]) -> ImageErrors:
    items = []
    for pair in record["confused"]:
        names = {"kind": CONFUSION, "category": pair["label"], "predicted": pair["predicted"]}
        if pair["label"] == labels[0]:
            names |= {"kind": FALSE_POSITIVE, "category": None}
        elif pair["predicted"] == labels[0]:
            names |= {"kind": MISS, "predicted": None}
        items.append({**names, "pixels": pair["pixels"]})
    items.sort(key=lambda item: -item["pixels"])
    right = [label for label, of_class in record["classes"].items() if of_class["pixels"] > of_class["missed"]]
    return _counted(record, 0.0 if record["iou"] is None else 1 - record["iou"], items, right)


def _counted(record: Record, error: float, items: Sequence[Mapping[str, Any]], right: Iterable[str]) -> ImageErrors:
    counts = dict.fromkeys((FALSE_POSITIVE, MISS, CONFUSION), 0)
    for item in items:
        counts[item["kind"]] += item.get("pixels", 1)
    misses, confusions, named = counts[MISS], counts[CONFUSION], sorted(set(right))
    return ImageErrors(record["image"], error, counts[FALSE_POSITIVE], misses, confusions, items, named)


_ERRORS: Mapping[ProjectType, Callable[[Record, Sequence[str]], ImageErrors]] = {
    ProjectType.CLASSIFICATION: _classification,
    ProjectType.DETECTION: _detection,
    ProjectType.INSTANCE_SEGMENTATION: _detection,
    ProjectType.SEGMENTATION: _segmentation,
}
