"""Counts by threshold, held against scikit-learn's and against the matching of single thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from paddlex_restful.metrics.curves import STEPS, classification_counts, counts, detection_counts
from paddlex_restful.metrics.detection import Kind, match
from tests.metrics.scenes import scenes

LABELS = ["cat", "狗", "bird"]


def test_a_score_counts_at_the_thresholds_up_to_it() -> None:
    found = counts(np.array([0.3, 0.29, 1.0, 0.0], np.float32), np.array([True, False, True, True]), 5)
    assert found["positives"] == 5
    assert len(found["true_positives"]) == STEPS + 1
    assert (found["true_positives"][0], found["false_positives"][0]) == (3, 1)
    assert (found["true_positives"][30], found["false_positives"][29], found["false_positives"][30]) == (2, 1, 0)
    assert found["true_positives"][STEPS] == 1


def test_the_counts_of_a_classifier_give_the_precision_and_recall_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(200, 3)) * 2
    scores = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    truth = rng.integers(0, 3, 200)
    together, *classes = classification_counts(scores, truth, LABELS)
    assert together["category"] is None
    assert [one["category"] for one in classes] == LABELS
    assert together["true_positives"][0] == (scores.argmax(axis=1) == truth).sum()
    assert together["true_positives"][0] + together["false_positives"][0] == 200
    for index, one in enumerate(classes):
        for step in (5, 37, 80):
            precision, recall, _, _ = precision_recall_fscore_support(
                truth == index, scores[:, index] >= step / STEPS, average="binary", zero_division=0
            )
            right, wrong = one["true_positives"][step], one["false_positives"][step]
            assert right / max(1, right + wrong) == pytest.approx(precision)
            assert right / one["positives"] == pytest.approx(recall)


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_the_counts_of_a_detector_are_those_of_matching_what_has_the_score(kind: Kind) -> None:
    truths, found = scenes(1, 30, 2)
    together, *classes = detection_counts(truths, found, LABELS[:2], 0.5, kind)
    for step in (0, 20, 55, 90):
        right, wrong = np.zeros(2, int), np.zeros(2, int)
        for truth, every in zip(truths, found, strict=True):
            kept = every.at_least(step / STEPS)
            matches, _ = match(truth, kept, 0.5, kind)
            right += np.bincount(kept.classes[matches >= 0], minlength=2)
            wrong += np.bincount(kept.classes[matches == -1], minlength=2)
        assert [one["true_positives"][step] for one in classes] == right.tolist()
        assert [one["false_positives"][step] for one in classes] == wrong.tolist()
        assert together["true_positives"][step] == right.sum()
    assert together["positives"] == sum((~truth.crowd).sum() for truth in truths)
