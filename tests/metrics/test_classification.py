"""Figures of classification against scikit-learn's on the same scores, and where scikit-learn has none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sklearn

from paddlex_restful.metrics.classification import accuracy, evaluation_result

LABELS = ["circle", "square", "triangle"]


def one_hot(predicted: list[int], classes: int = 3) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[predicted]


@pytest.mark.parametrize("ties", [False, True])
def test_figures_equal_those_of_scikit_learn(ties: bool) -> None:
    random = np.random.default_rng(int(ties))
    truth = random.integers(0, 3, 200)
    scores = random.random((200, 3)).astype(np.float32) + 0.5 * one_hot(truth.tolist())
    if ties:
        scores = np.round(scores, 1)
    predicted = scores.argmax(axis=1)
    result = evaluation_result(scores, truth, LABELS, topk=2)
    assert result["Confusion_Matrix"] == sklearn.confusion_matrix(truth, predicted).tolist()
    each = sklearn.precision_recall_fscore_support(truth, predicted)[:3]
    for index, label in enumerate(LABELS):
        auc = sklearn.roc_auc_score(truth == index, scores[:, index])
        figures = dict(zip(("precision", "recall", "F1"), (figure[index] for figure in each), strict=True))
        assert result["PRF1"][label] == pytest.approx({**figures, "auc": auc})
    mean = sklearn.precision_recall_fscore_support(truth, predicted, average="weighted")[:3]
    assert tuple(result["PRF1_average"]["over_all"].values()) == pytest.approx(mean)
    assert result["Acc1"] == pytest.approx(sklearn.accuracy_score(truth, predicted))
    if not ties:
        assert result["Acck"] == pytest.approx(sklearn.top_k_accuracy_score(truth, scores, k=2))


def test_the_figures_of_the_original_are_met() -> None:
    truth = np.array([0] + [1] * 4 + [2] * 5)
    result = evaluation_result(one_hot([2] * 10), truth, LABELS, topk=5)
    assert result["Confusion_Matrix"] == [[0, 0, 1], [0, 0, 4], [0, 0, 5]]
    assert result["Acc1"] == 0.5
    assert (result["topk"], result["Acck"]) == (3, 1.0)
    triangle = result["PRF1"]["triangle"]
    assert (triangle["precision"], triangle["recall"], triangle["F1"]) == (0.5, 1.0, pytest.approx(2 / 3))
    assert result["PRF1_average"]["over_all"] == {"precision": None, "recall": 0.5, "F1": pytest.approx(1 / 3)}
    assert result["label_list"] == LABELS


def test_precision_of_a_class_never_predicted_is_null_and_its_f1_zero() -> None:
    circle = evaluation_result(one_hot([2, 2]), np.array([0, 2]), LABELS, topk=1)["PRF1"]["circle"]
    assert (circle["precision"], circle["recall"], circle["F1"]) == (None, 0.0, 0.0)


def test_a_class_without_images_has_no_recall_and_no_auc_and_no_part_in_the_mean() -> None:
    result = evaluation_result(one_hot([0, 2]), np.array([0, 2]), LABELS, topk=1)
    assert result["PRF1"]["square"] == {"precision": None, "recall": None, "F1": None, "auc": None}
    assert result["PRF1_average"]["over_all"] == {"precision": 1.0, "recall": 1.0, "F1": 1.0}


def test_auc_of_the_only_class_present_is_null() -> None:
    assert evaluation_result(one_hot([0, 1]), np.array([0, 0]), LABELS, topk=1)["PRF1"]["circle"]["auc"] is None


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]], np.float32)
    result = evaluation_result(scores, np.array([0, 0, 1, 1]), ["a", "b"], topk=1)
    assert result["PRF1"]["a"]["auc"] == 0.75
    assert result["PRF1"]["b"]["auc"] == 0.75


def test_accuracy_counts_the_true_class_among_the_k_best() -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]], np.float32)
    assert [accuracy(scores, np.array([1, 0]), k) for k in (1, 2, 3)] == [0.0, 0.5, 1.0]


def test_equal_scores_for_all_classes_are_right_for_the_first_only() -> None:
    scores = np.full((4, 4), 0.25, np.float32)
    assert accuracy(scores, np.arange(4), 1) == 0.25
    assert accuracy(scores, np.arange(4), 2) == 0.5


def test_an_answer_that_is_no_number_is_not_right() -> None:
    scores = np.array([[np.nan, np.nan], [0.2, 0.8], [np.nan, 0.8]], np.float32)
    assert accuracy(scores, np.array([0, 1, 1]), 1) == pytest.approx(1 / 3)
