"""What a threshold of the score changes: of each class what is found rightly and wrongly, from threshold to threshold.

Precision and recall at each threshold, and so the precision–recall curve, follow from these counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.metrics.detection import Detections, Kind, Truth, judged

STEPS = 100
"""The thresholds are 0, 1 / STEPS … 1."""

# As exact as scores are, so that one of 0.29 reaches the threshold of 0.29.
_THRESHOLDS = (np.arange(STEPS + 1) / STEPS).astype(np.float32)


def counts(scores: NDArray[Any], correct: NDArray[np.bool_], positives: int) -> dict[str, Any]:
    """How many answers have at least the score of each threshold.

    Args:
        scores: of the answers, from 0 to 1, shape [n].
        correct: whether each is right, shape [n].
        positives: how many right ones there could be.

    Returns:
        ``positives``, and ``true_positives`` and ``false_positives``, a number for each threshold.
    """
    return {
        "positives": positives,
        "true_positives": _at_least(scores[correct]),
        "false_positives": _at_least(scores[~correct]),
    }


def classification_counts(
    scores: NDArray[np.float32], truth: NDArray[np.int64], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The counts of a classifier.

    For a class an image counts as found where the class has the score, whatever the others have. For all together it
    does where its surest class has it.

    Args:
        scores: shape [images, classes].
        truth: index of the true class of each image, shape [images].
        labels: names of the classes.

    Returns:
        Of all classes together (``category`` is None), and then of each: ``category`` and what ``counts`` gives.
    """
    right = scores.argmax(axis=1) == truth
    together = {"category": None, **counts(scores.max(axis=1), right, len(truth))}
    return [
        together,
        *(
            {"category": label, **counts(scores[:, i], truth == i, int((truth == i).sum()))}
            for i, label in enumerate(labels)
        ),
    ]


def detection_counts(
    truths: Sequence[Truth],
    detections: Sequence[Detections],
    labels: Sequence[str],
    overlap_thresh: float,
    kind: Kind = "bbox",
) -> list[dict[str, Any]]:
    """The counts of a detector, matched as for the average precision: each class by itself, detections of every score.

    Args:
        truths: of each image.
        detections: of each image, in the same order.
        labels: names of the classes.
        overlap_thresh: lowest IoU at which a detection takes an object.
        kind: whether boxes or masks are compared.

    Returns:
        As ``classification_counts``.
    """
    found = judged(truths, detections, len(labels), overlap_thresh, kind)
    told = [{"category": None, **counts(found.scores, found.correct, int(found.objects.sum()))}]
    for i, label in enumerate(labels):
        mine = found.classes == i
        told.append({"category": label, **counts(found.scores[mine], found.correct[mine], int(found.objects[i]))})
    return told


def _at_least(scores: NDArray[Any]) -> list[int]:
    below = np.searchsorted(np.sort(scores.astype(np.float32)), _THRESHOLDS)
    numbers: list[int] = (len(scores) - below).tolist()
    return numbers
