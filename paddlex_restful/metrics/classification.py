"""Figures of classification, from the scores of images and their true classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.metrics.ratios import Figures, confusion, figure, ratio

Scores = NDArray[np.float32]
Classes = NDArray[np.int64]


def accuracy(scores: Scores, truth: Classes, k: int) -> float:
    """Share of the images whose true class is among the ``k`` with the highest scores.

    Of equal scores the class with the lower index counts as higher, so that a net that answers the same for every
    class is not right by accident. An answer with NaN in it is not right.

    Args:
        scores: shape [images, classes], at least one image.
        truth: shape [images], the index of the true class.
        k: from 1 to the number of classes.
    """
    of_truth = np.take_along_axis(scores, truth[:, None], axis=1)
    lower_index = np.arange(scores.shape[1])[None, :] < truth[:, None]
    rank = (scores > of_truth).sum(axis=1) + ((scores == of_truth) & lower_index).sum(axis=1)
    return float(((rank < k) & ~np.isnan(scores).any(axis=1)).mean())


def roc_auc(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: the share of pairs of a positive and a negative in which the positive has more.

    Pairs with equal scores count half. See Hanley and McNeil, "The meaning and use of the area under a receiver
    operating characteristic (ROC) curve", 1982.

    Args:
        scores: shape [n].
        positive: shape [n].

    Returns:
        From 0 to 1; NaN without positives or without negatives.
    """
    _, place, equals = np.unique(scores, return_inverse=True, return_counts=True)
    # Of equal scores each has the mean of the ranks that they take together.
    ranks = (np.cumsum(equals) - (equals - 1) / 2)[place]
    positives = int(positive.sum())
    in_order = ranks[positive].sum() - positives * (positives + 1) / 2
    return float(ratio(in_order, positives * (len(scores) - positives)))


def evaluation_result(scores: Scores, truth: Classes, labels: Sequence[str], topk: int) -> dict[str, Any]:
    """The evaluation result of a classifier in the contract's shape.

    ``over_all`` is the mean of the classes weighted by their images, as in the original. AUC is the area under the ROC
    curve of the class against all others.

    Args:
        scores: shape [images, classes], probabilities of at least one image.
        truth: shape [images], the index of the true class.
        labels: names of the classes, one for each column of ``scores``.
        topk: how many of the highest scores ``Acck`` allows; more than there are classes counts as all.

    Returns:
        ``Confusion_Matrix`` (rows: truth, columns: prediction), ``PRF1``, ``PRF1_average``, ``Acc1``, ``Acck``,
        ``topk`` and ``label_list``. A figure that cannot be computed is None: the precision of a class that was never
        predicted, recall and AUC of a class without images, AUC where all images are of one class, and a mean that
        needs such a figure.
    """
    classes = len(labels)
    counts = confusion(truth, scores.argmax(axis=1), classes)
    right, of_truth, of_prediction = np.diag(counts), counts.sum(1), counts.sum(0)
    found = {
        "precision": ratio(right, of_prediction),
        "recall": ratio(right, of_truth),
        "F1": ratio(2 * right, of_truth + of_prediction),
    }
    auc = [roc_auc(scores[:, index], truth == index) for index in range(classes)]
    topk = max(1, min(topk, classes))
    return {
        "Confusion_Matrix": counts.tolist(),
        "PRF1": {
            label: {**{name: figure(each[index]) for name, each in found.items()}, "auc": figure(auc[index])}
            for index, label in enumerate(labels)
        },
        "PRF1_average": {"over_all": {name: figure(_mean(each, of_truth)) for name, each in found.items()}},
        "Acc1": accuracy(scores, truth, 1),
        "Acck": accuracy(scores, truth, topk),
        "topk": topk,
        "label_list": list(labels),
    }


def _mean(figures: Figures, images: NDArray[np.int64]) -> float:
    return float(np.average(figures[images > 0], weights=images[images > 0]))
