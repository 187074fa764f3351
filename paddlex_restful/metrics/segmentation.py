"""Figures of semantic segmentation. All follow from one confusion matrix: pixels by true and by predicted class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle

from paddlex_restful.datasets.segmentation import IGNORED
from paddlex_restful.metrics import ratios
from paddlex_restful.metrics.ratios import Confusion, Figures, figure, ratio


def confusion_matrix(truth: NDArray[np.uint8], predicted: NDArray[np.uint8], classes: int) -> Confusion:
    """Count pixels by true and predicted class.

    Args:
        truth: class ids of any shape; pixels that are 255 are left out.
        predicted: class ids of the same shape.
        classes: their number; ids lie below it.
    """
    counted = truth != IGNORED
    return ratios.confusion(truth[counted], predicted[counted], classes)


def class_iou(confusion: Confusion) -> Figures:
    """Intersection over union (Jaccard index) of each class; NaN of one that neither occurs nor was predicted."""
    right = np.diag(confusion)
    return ratio(right, confusion.sum(0) + confusion.sum(1) - right)


def mean_iou(confusion: Confusion) -> float:
    """Mean of ``class_iou`` over the classes that occur or were predicted; NaN if no pixel was counted."""
    return _mean(class_iou(confusion))


def pixel_accuracy(confusion: Confusion) -> float:
    """Share of the pixels whose class is right; NaN if no pixel was counted."""
    return float(ratio(np.trace(confusion), confusion.sum()))


def kappa(confusion: Confusion) -> float:
    """Cohen's kappa ("A Coefficient of Agreement for Nominal Scales", 1960): the accuracy above that of chance.

    NaN where chance alone is always right, as with a single class, or if no pixel was counted.
    """
    total = float(confusion.sum())
    expected = float((confusion.sum(0) / max(total, 1)) @ (confusion.sum(1) / max(total, 1)))
    return float(ratio(pixel_accuracy(confusion) - expected, 1 - expected))


def classes_of(mask: NDArray[np.uint8], labels: Sequence[str]) -> list[dict[str, Any]]:
    """The classes that occur in a class map, the most frequent first, as plain JSON.

    Args:
        mask: class ids, [H, W]; pixels with another number, such as 255, belong to none.
        labels: names of the classes.

    Returns:
        Of each its ``category``, ``category_id``, ``share`` of all pixels and ``segmentation``, where it lies, as a
        compressed RLE of COCO with text ``counts``.
    """
    present, pixels = np.unique(mask[mask < len(labels)], return_counts=True)
    return [
        {
            "category": labels[index],
            "category_id": int(index),
            "share": round(float(count) / mask.size, 6),
            "segmentation": _encoded(mask == index),
        }
        for count, index in sorted(zip(pixels, present, strict=True), key=lambda pair: (-pair[0], pair[1]))
    ]


def evaluation_result(confusion: Confusion, labels: Sequence[str]) -> dict[str, Any]:
    """The evaluation result of a segmentation net in the contract's shape.

    Args:
        confusion: of all images together.
        labels: names of the classes.

    Returns:
        ``Confusion_Matrix``, ``Mean_IoU``, ``Mean_Acc`` (share of the pixels that are right), ``PRIoU`` (precision,
        recall and IoU of each class), ``kappa`` and ``label_list``. A figure that cannot be computed is None: the
        precision of a class that was never predicted, the recall of one that does not occur, the IoU of one that
        neither occurs nor was predicted.
    """
    right = np.diag(confusion)
    precision, recall, iou = ratio(right, confusion.sum(0)), ratio(right, confusion.sum(1)), class_iou(confusion)
    return {
        "Confusion_Matrix": confusion.tolist(),
        "Mean_IoU": figure(mean_iou(confusion)),
        "Mean_Acc": figure(pixel_accuracy(confusion)),
        "PRIoU": {
            label: {"precision": figure(precision[i]), "recall": figure(recall[i]), "iou": figure(iou[i])}
            for i, label in enumerate(labels)
        },
        "kappa": figure(kappa(confusion)),
        "label_list": list(labels),
    }


def image_result(confusion: Confusion, labels: Sequence[str]) -> dict[str, Any]:
    """How good the answer for one image is, and where it is wrong.

    Args:
        confusion: of the image.
        labels: names of the classes.

    Returns:
        ``iou``: mean over the classes that occur or were predicted; ``pixels``: those that count; ``wrong``: how many
        of these have another class; ``classes``: of each class that occurs or was predicted its ``iou``, its
        ``pixels``, how many of them were ``missed``, and how many others were taken for it (``extra``); ``confused``:
        pairs of ``label`` and ``predicted`` with the number of ``pixels``, the most frequent first.
    """
    right, of_truth, of_prediction = np.diag(confusion), confusion.sum(1), confusion.sum(0)
    iou = class_iou(confusion)
    classes = {
        label: {
            "iou": float(iou[i]),
            "pixels": int(of_truth[i]),
            "missed": int(of_truth[i] - right[i]),
            "extra": int(of_prediction[i] - right[i]),
        }
        for i, label in enumerate(labels)
        if of_truth[i] + of_prediction[i]
    }
    wrong = confusion - np.diag(right)
    pairs = sorted(np.argwhere(wrong).tolist(), key=lambda pair: (-wrong[pair[0], pair[1]], pair))
    return {
        "iou": figure(_mean(iou)),
        "pixels": int(confusion.sum()),
        "wrong": int(wrong.sum()),
        "classes": classes,
        "confused": [
            {"label": labels[true], "predicted": labels[guess], "pixels": int(wrong[true, guess])}
            for true, guess in pairs
        ],
    }


def _mean(figures: Figures) -> float:
    known = figures[~np.isnan(figures)]
    return float(known.mean()) if known.size else float("nan")


def _encoded(mask: NDArray[np.bool_]) -> dict[str, Any]:
    encoded = rle.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}
