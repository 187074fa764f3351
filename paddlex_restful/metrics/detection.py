"""How good a detector is: the evaluation results of the contract for boxes and for masks, and its answers by image.

A detection takes the object that it covers best of those that no detection of a higher score took, if their IoU is at
least a threshold; so every object is found once, and what finds it again is a false positive. Crowd regions count for
nothing: they are never missed, and a detection of their class that takes no object is set aside if at least the
threshold's share of it lies in one (the rule of COCO).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pycocotools import mask as mask_utils

from paddlex_restful.datasets.rle import rle_mask
from paddlex_restful.imaging.image import UPRIGHT, upright, upright_matrix
from paddlex_restful.results import BACKGROUND

Rle = Mapping[str, Any]
"""A mask as pycocotools has it: ``size`` (height, width) and ``counts``."""

Kind = Literal["bbox", "segm"]
"""What is compared, boxes or masks, in COCO's words."""

UNMATCHED = -1
SET_ASIDE = -2

_ALMOST_ONE = 1 - 1e-10
"""The largest threshold: rounding must not keep equal regions apart."""

_ABOVE_ZERO = 1e-10
"""The smallest threshold: regions that do not touch never match."""


@dataclass(frozen=True)
class Truth:
    """The objects of one image.

    Attributes:
        boxes: x0, y0, x1, y1 in pixels, shape [n, 4].
        classes: indices, shape [n].
        crowd: regions that count for nothing (iscrowd of COCO, difficult of VOC), bool, shape [n].
        masks: one an object, where masks are compared.
    """

    boxes: npt.NDArray[Any]
    classes: npt.NDArray[np.int64]
    crowd: npt.NDArray[np.bool_]
    masks: Sequence[Rle] | None = None


@dataclass(frozen=True)
class Detections:
    """What a detector found in one image.

    Attributes:
        boxes: x0, y0, x1, y1 in pixels, shape [m, 4].
        classes: indices, shape [m].
        scores: from 0 to 1, shape [m].
        masks: one a detection, where masks are compared.
    """

    boxes: npt.NDArray[Any]
    classes: npt.NDArray[np.int64]
    scores: npt.NDArray[Any]
    masks: Sequence[Rle] | None = None

    def at_least(self, score: float) -> Detections:
        """Those with this score or a higher one, the highest first."""
        order = np.argsort(-self.scores, kind="stable")
        return self._picked(order[self.scores[order] >= score])

    def only(self, keep: npt.NDArray[np.bool_]) -> Detections:
        """Some of them, in their order.

        Args:
            keep: which ones, shape [m].
        """
        return self._picked(np.flatnonzero(keep))

    def _picked(self, indices: npt.NDArray[np.intp]) -> Detections:
        masks = None if self.masks is None else [self.masks[i] for i in indices]
        return Detections(self.boxes[indices], self.classes[indices], self.scores[indices], masks)


def truth_of(
    objects: Sequence[Mapping[str, Any]], size: tuple[int, int], *, masks: bool, orientation: int = UPRIGHT
) -> Truth:
    """The objects of a sample of a detection or instance segmentation dataset, in the image as people see it.

    Args:
        objects: as ``datasets.Sample.label`` has them.
        size: width and height of the image in pixels, as it lies in its file.
        masks: whether masks are compared.
        orientation: of its EXIF data, 1 to 8.
    """
    boxes = np.array([one["bbox"] for one in objects], np.float64).reshape(-1, 4)
    rles = [_rle(one["segmentation"], size) for one in objects] if masks else None
    if orientation != UPRIGHT:
        matrix = upright_matrix(orientation, *size)
        boxes = np.sort(boxes.reshape(-1, 2, 2) @ matrix[:, :2].T + matrix[:, 2], axis=1).reshape(-1, 4)
        rles = None if rles is None else [_turned(rle, orientation) for rle in rles]
    return Truth(
        boxes,
        np.array([one["category"] for one in objects], np.int64),
        np.array([bool(one["iscrowd"] or one["difficult"]) for one in objects], bool),
        rles,
    )


def evaluation_result(
    truths: Sequence[Truth],
    detections: Sequence[Detections],
    labels: Sequence[str],
    overlap_thresh: float,
    score_thresh: float,
    kind: Kind = "bbox",
) -> dict[str, Any]:
    """The evaluation result of a detector in the contract's shape.

    In the confusion matrix a detection takes the object that it covers best whatever its class, so that a wrong class
    is a confusion; what takes no object, and what no detection takes, is paired with the background. Precision and
    recall are read from its columns and rows. AP looks at each class by itself and at detections of every score.

    Args:
        truths: of each image.
        detections: of each image, in the same order.
        labels: names of the classes.
        overlap_thresh: lowest IoU at which a detection takes an object.
        score_thresh: lowest score that counts in the confusion matrix, for precision and for recall.
        kind: whether boxes or masks are compared.

    Returns:
        ``Confusion_Matrix`` (rows: truth, columns: prediction, the background last), ``PRAP`` (a label's
        ``precision``, ``recall`` and ``AP``), ``mAP`` (mean of the AP) and ``label_list`` (with the background). A
        figure that cannot be computed is None: the precision of a class that was never detected, recall and AP of one
        without objects, and the mean where no class has objects.
    """
    matrix = confusion_matrix(truths, detections, len(labels), overlap_thresh, score_thresh, kind)
    precisions = average_precisions(truths, detections, len(labels), overlap_thresh, kind)
    computed = [precision for precision in precisions if precision is not None]
    return {
        "Confusion_Matrix": matrix.tolist(),
        "PRAP": {
            label: {
                "precision": _share(matrix[i, i], matrix[:, i].sum()),
                "recall": _share(matrix[i, i], matrix[i].sum()),
                "AP": precisions[i],
            }
            for i, label in enumerate(labels)
        },
        "mAP": float(np.mean(computed)) if computed else None,
        "label_list": [*labels, BACKGROUND],
    }


def instance_evaluation_result(
    truths: Sequence[Truth],
    detections: Sequence[Detections],
    labels: Sequence[str],
    overlap_thresh: float,
    score_thresh: float,
) -> dict[str, Any]:
    """The evaluation result of an instance segmentation model in the contract's shape.

    Returns:
        The figures of ``evaluation_result`` twice, with ``BBox_`` and with ``Mask_`` before their names, and
        ``label_list``.
    """
    result: dict[str, Any] = {}
    kinds: tuple[tuple[str, Kind], ...] = (("BBox", "bbox"), ("Mask", "segm"))
    for name, kind in kinds:
        figures = evaluation_result(truths, detections, labels, overlap_thresh, score_thresh, kind)
        label_list = figures.pop("label_list")
        result |= {f"{name}_{figure}": value for figure, value in figures.items()}
        result["label_list"] = label_list
    return result


def confusion_matrix(
    truths: Sequence[Truth],
    detections: Sequence[Detections],
    classes: int,
    overlap_thresh: float,
    score_thresh: float,
    kind: Kind = "bbox",
) -> npt.NDArray[np.float64]:
    """What was taken for what; see ``evaluation_result``.

    Returns:
        Counts of shape [classes + 1, classes + 1], rows truth, columns prediction, the last of both the background.
    """
    matrix = np.zeros((classes + 1, classes + 1))
    for truth, every in zip(truths, detections, strict=True):
        found = every.at_least(score_thresh)
        matches, _ = match(truth, found, overlap_thresh, kind, across_classes=True)
        hit = matches >= 0
        missed = ~truth.crowd
        missed[matches[hit]] = False
        np.add.at(matrix, (truth.classes[matches[hit]], found.classes[hit]), 1)
        matrix[classes, :classes] += np.bincount(found.classes[matches == UNMATCHED], minlength=classes)
        matrix[:classes, classes] += np.bincount(truth.classes[missed], minlength=classes)
    return matrix


@dataclass(frozen=True)
class Judged:
    """The detections of all images, but those that count for nothing, each matched within its class.

    Attributes:
        scores: from 0 to 1, shape [m].
        classes: indices, shape [m].
        correct: whether each took an object, shape [m].
        objects: how many there are of each class.
    """

    scores: npt.NDArray[Any]
    classes: npt.NDArray[np.int64]
    correct: npt.NDArray[np.bool_]
    objects: npt.NDArray[np.int64]


def judged(
    truths: Sequence[Truth],
    detections: Sequence[Detections],
    classes: int,
    overlap_thresh: float,
    kind: Kind = "bbox",
) -> Judged:
    """Match the detections of all images; see ``match``."""
    objects = np.zeros(classes, np.int64)
    scores, correct, predicted = [np.empty(0)], [np.empty(0, bool)], [np.empty(0, np.int64)]
    for truth, found in zip(truths, detections, strict=True):
        objects += np.bincount(truth.classes[~truth.crowd], minlength=classes)
        matches, _ = match(truth, found, overlap_thresh, kind)
        counted = matches != SET_ASIDE
        scores.append(found.scores[counted])
        correct.append(matches[counted] >= 0)
        predicted.append(found.classes[counted])
    return Judged(np.concatenate(scores), np.concatenate(predicted), np.concatenate(correct), objects)


def average_precisions(
    truths: Sequence[Truth],
    detections: Sequence[Detections],
    classes: int,
    overlap_thresh: float,
    kind: Kind = "bbox",
) -> list[float | None]:
    """The average precision of each class, None for one without objects; see ``average_precision``."""
    found = judged(truths, detections, classes, overlap_thresh, kind)
    figures = []
    for index in range(classes):
        mine = found.classes == index
        figures.append(average_precision(found.scores[mine], found.correct[mine], int(found.objects[index])))
    return figures


def average_precision(scores: npt.NDArray[Any], correct: npt.NDArray[np.bool_], objects: int) -> float | None:
    """The area under the curve of precision over recall, precision made to fall only.

    The figure of the PASCAL VOC challenge since 2010: Everingham, Van Gool, Williams, Winn, Zisserman, "The PASCAL
    Visual Object Classes (VOC) Challenge", International Journal of Computer Vision 88, 2010, and the development kit
    of that year, which took all points of the curve in place of eleven.

    Args:
        scores: of the detections of one class in all images, shape [m].
        correct: whether each took an object, shape [m].
        objects: how many objects of the class there are.

    Returns:
        From 0 to 1; None where there are no objects.
    """
    if objects == 0:
        return None
    hits = np.cumsum(correct[np.argsort(-scores, kind="stable")])
    precision = hits / np.arange(1, len(hits) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(hits / objects, prepend=0) * falling).sum())


def match(
    truth: Truth, detections: Detections, threshold: float, kind: Kind = "bbox", *, across_classes: bool = False
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Pairs the detections of an image with its objects; see the module.

    Args:
        truth: the objects.
        detections: what was found.
        threshold: lowest IoU of a pair.
        kind: whether boxes or masks are compared.
        across_classes: whether a detection may take an object of another class; of objects that it covers equally well
            it takes one of its own class.

    Returns:
        Of each detection the index of its object, ``UNMATCHED`` or ``SET_ASIDE``, and their IoU (0 without one); both
        of shape [m].
    """
    threshold = min(max(threshold, _ABOVE_ZERO), _ALMOST_ONE)
    overlaps = _overlaps(truth, detections, kind)
    close = overlaps >= threshold
    same = detections.classes[:, None] == truth.classes[None, :]
    crowded = (close & same & truth.crowd).any(axis=1)
    matches = np.where(crowded, SET_ASIDE, UNMATCHED).astype(np.int64)
    ious = np.zeros(len(matches))
    free = ~truth.crowd
    for index in np.argsort(-detections.scores, kind="stable"):
        (open_to,) = np.nonzero(free & close[index] & (across_classes | same[index]))
        if len(open_to):
            best = open_to[np.lexsort((same[index, open_to], overlaps[index, open_to]))[-1]]
            matches[index], ious[index], free[best] = best, overlaps[index, best], False
    return matches, ious


def image_record(
    image: str,
    size: tuple[int, int],
    truth: Truth,
    detections: Detections,
    labels: Sequence[str],
    overlap_thresh: float,
    score_thresh: float,
) -> dict[str, Any]:
    """What was found in one image and what is true of it, matched as in the confusion matrix.

    Masks are matched where there are masks, else boxes.

    Args:
        image: path of the image, relative to the dataset.
        size: its width and height in pixels.
        truth: its objects.
        detections: what was found.
        labels: names of the classes.
        overlap_thresh: lowest IoU at which a detection takes an object.
        score_thresh: lowest score of a detection that counts.

    Returns:
        Plain JSON, as ``errors`` describes it.
    """
    found = detections.at_least(score_thresh)
    kind: Kind = "bbox" if truth.masks is None else "segm"
    matches, ious = match(truth, found, overlap_thresh, kind, across_classes=True)
    truths = [
        {"category": labels[index], "category_id": int(index), "bbox": _width_height(box), "crowd": bool(crowd)}
        for box, index, crowd in zip(truth.boxes, truth.classes, truth.crowd, strict=True)
    ]
    predictions = [
        {**entry, "match": int(one) if one >= 0 else None, "iou": float(iou), "set_aside": bool(one == SET_ASIDE)}
        for entry, one, iou in zip(entries(found, labels), matches, ious, strict=True)
    ]
    return {"image": image, "size": list(size), "truths": truths, "predictions": predictions}


def entries(objects: Detections | Truth, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Objects as plain JSON.

    Returns:
        Of each its ``category``, ``category_id``, ``score`` or (of true ones) ``crowd``, ``bbox`` (x, y, width, height
        in pixels) and, where there are masks, ``segmentation`` (a compressed RLE of COCO with text ``counts``).
    """
    key, values = ("score", objects.scores) if isinstance(objects, Detections) else ("crowd", objects.crowd)
    told: list[dict[str, Any]] = [
        {"category": labels[index], "category_id": int(index), key: value, "bbox": _width_height(box)}
        for box, index, value in zip(objects.boxes, objects.classes, values.tolist(), strict=True)
    ]
    if objects.masks is not None:
        for entry, rle in zip(told, objects.masks, strict=True):
            entry["segmentation"] = _plain(rle)
    return told


def _overlaps(truth: Truth, detections: Detections, kind: Kind) -> npt.NDArray[np.float64]:
    """IoU of each detection with each object, with crowd the share of the detection that lies in it; [m, n]."""
    if not len(truth.classes) or not len(detections.classes):
        return np.zeros((len(detections.classes), len(truth.classes)))
    overlaps: npt.NDArray[np.float64] = mask_utils.iou(
        _regions(detections, kind), _regions(truth, kind), truth.crowd.astype(int).tolist()
    )
    # Regions without an area overlap with nothing, and not by 0 / 0.
    return np.nan_to_num(overlaps)


def _regions(objects: Truth | Detections, kind: Kind) -> Any:
    """Boxes as x, y, width, height, or masks, as pycocotools takes them."""
    if kind == "segm":
        assert objects.masks is not None
        return list(objects.masks)
    boxes = objects.boxes.astype(np.float64)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def _width_height(box: Iterable[float]) -> list[float]:
    x0, y0, x1, y1 = (float(value) for value in box)
    return [round(value, 2) for value in (x0, y0, x1 - x0, y1 - y0)]


def _rle(segmentation: Any, size: tuple[int, int]) -> Rle:
    """The mask of an object of a sample: polygons, and run lengths compressed or not, as COCO files have them."""
    width, height = size
    if isinstance(segmentation, list):
        return mask_utils.merge(mask_utils.frPyObjects(segmentation, height, width))  # type: ignore[no-any-return]
    if isinstance(segmentation["counts"], list):
        return mask_utils.frPyObjects(segmentation, height, width)  # type: ignore[no-any-return]
    rle: Rle = segmentation
    return rle


def _plain(rle: Rle) -> dict[str, Any]:
    """A compressed mask with its counts as text."""
    counts = rle["counts"]
    text = counts.decode("ascii") if isinstance(counts, bytes) else counts
    return {"size": [int(side) for side in rle["size"]], "counts": text}


def _turned(rle: Rle, orientation: int) -> Rle:
    mask = upright(rle_mask(_plain(rle)), orientation)
    turned: Rle = mask_utils.encode(np.asfortranarray(mask, np.uint8))
    return turned


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
