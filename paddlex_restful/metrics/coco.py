"""The figures of COCO, as pycocotools computes them."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from paddlex_restful.metrics.detection import Detections, Kind, Truth

_EVERY_SIZE = (0, 1e10)


@dataclass(frozen=True)
class CocoFigures:
    """Average precisions from 0 to 1, each None where no object counts.

    Attributes:
        map: mean over the classes and the IoU thresholds 0.5, 0.55 … 0.95.
        map50: mean over the classes at IoU 0.5.
        map75: mean over the classes at IoU 0.75.
        per_class: mean over the thresholds of each class.
    """

    map: float | None
    map50: float | None
    map75: float | None
    per_class: tuple[float | None, ...]


def coco_figures(
    truths: Sequence[Truth], detections: Sequence[Detections], classes: int, kind: Kind = "bbox"
) -> CocoFigures:
    """Measures detections as the COCO challenge does: the best 100 of a class in an image, objects of every size.

    Args:
        truths: of each image.
        detections: of each image, in the same order.
        classes: how many there are.
        kind: whether boxes or masks are compared.
    """
    # pycocotools tells on standard output how far it is.
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(
            _coco(len(truths), classes, _objects(truths, kind)),
            _coco(len(truths), classes, _objects(detections, kind)),
            kind,
        )
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [_EVERY_SIZE], ["all"]
        evaluation.params.maxDets = evaluation.params.maxDets[-1:]
        evaluation.evaluate()
        evaluation.accumulate()
    # thresholds, points of recall, classes; sizes and numbers of detections are one each
    precision = evaluation.eval["precision"][..., 0, 0]
    thresholds = evaluation.params.iouThrs
    return CocoFigures(
        _mean(precision),
        _mean(precision[np.isclose(thresholds, 0.5)]),
        _mean(precision[np.isclose(thresholds, 0.75)]),
        tuple(_mean(precision[..., index]) for index in range(classes)),
    )


def _coco(images: int, classes: int, annotations: Iterator[dict[str, Any]]) -> COCO:
    coco = COCO()
    coco.dataset = {
        # The size is asked for, but masks bring their own.
        "images": [{"id": image, "height": 0, "width": 0} for image in range(images)],
        "categories": [{"id": index} for index in range(classes)],
        # An id of 0 would read as "no match".
        "annotations": [{"id": number, **annotation} for number, annotation in enumerate(annotations, start=1)],
    }
    coco.createIndex()
    return coco


def _objects(parts: Sequence[Truth | Detections], kind: Kind) -> Iterator[dict[str, Any]]:
    for image, part in enumerate(parts):
        for index, (x0, y0, x1, y1) in enumerate(part.boxes.astype(np.float64)):
            found: dict[str, Any] = {
                "image_id": image,
                "category_id": int(part.classes[index]),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": 0,  # it only sorts objects by size, which no figure here does
            }
            if isinstance(part, Truth):
                found["iscrowd"] = int(part.crowd[index])
            else:
                found["score"] = float(part.scores[index])
            if kind == "segm":
                assert part.masks is not None
                found["segmentation"] = dict(part.masks[index])
            yield found


def _mean(precision: npt.NDArray[Any]) -> float | None:
    """The mean of what could be computed; pycocotools marks the rest with -1."""
    computed = precision[precision > -1]
    return float(computed.mean()) if computed.size else None
