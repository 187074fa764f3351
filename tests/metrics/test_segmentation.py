"""Figures of segmentation against scikit-learn's on the same pixels, and where scikit-learn has none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sklearn

from paddlex_restful.datasets.segmentation import IGNORED
from paddlex_restful.metrics.segmentation import (
    class_iou,
    confusion_matrix,
    evaluation_result,
    image_result,
    kappa,
    mean_iou,
    pixel_accuracy,
)

CLASSES = 6
LABELS = ["background", "圆", "square", "triangle", "never predicted", "absent"]


@pytest.fixture
def pixels() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two images of 40 x 30 pixels, half of them right; class 4 is never predicted, class 5 does not exist at all."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 5, (2, 40, 30)).astype(np.uint8)
    predicted = random.integers(0, 4, truth.shape).astype(np.uint8)
    right = random.random(truth.shape) < 0.5
    predicted[right] = truth[right]
    predicted[predicted == 4] = 0
    truth[:, :3] = IGNORED
    return truth, predicted


def test_figures_equal_those_of_scikit_learn(pixels: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    truth, predicted = pixels
    confusion = confusion_matrix(truth, predicted, CLASSES)
    counted = truth != IGNORED
    true, guess = truth[counted], predicted[counted]
    assert np.array_equal(confusion, sklearn.confusion_matrix(true, guess, labels=range(CLASSES)))
    iou = sklearn.jaccard_score(true, guess, labels=range(5), average=None)
    assert class_iou(confusion)[:5] == pytest.approx(iou)
    assert np.isnan(class_iou(confusion)[5])
    assert mean_iou(confusion) == pytest.approx(iou.mean())
    assert kappa(confusion) == pytest.approx(sklearn.cohen_kappa_score(true, guess))
    assert pixel_accuracy(confusion) == pytest.approx(sklearn.accuracy_score(true, guess))
    result = evaluation_result(confusion, LABELS)
    precision, recall, _, _ = sklearn.precision_recall_fscore_support(true, guess, labels=range(5), zero_division=0)
    for index, label in enumerate(LABELS[:4]):
        assert result["PRIoU"][label] == pytest.approx(
            {"precision": precision[index], "recall": recall[index], "iou": iou[index]}
        )
    assert result["PRIoU"]["never predicted"] == {"precision": None, "recall": 0.0, "iou": 0.0}
    assert result["PRIoU"]["absent"] == {"precision": None, "recall": None, "iou": None}


def test_the_result_has_the_figures_that_the_original_recorded() -> None:
    """Those of a recorded evaluation; precision of a class that is never predicted was -1 there."""
    confusion = np.array([[88463, 2, 4, 0], [2148, 1637, 128, 0], [3865, 279, 372, 0], [1406, 0, 0, 0]])
    result = evaluation_result(confusion, ["0", "1", "2", "3"])
    assert result["Mean_IoU"] == pytest.approx(0.34822995942248175)
    assert result["Mean_Acc"] == pytest.approx(0.9203287760416666)
    assert result["kappa"] == pytest.approx(0.342688, abs=1e-6)
    assert result["PRIoU"]["1"] == pytest.approx(
        {"precision": 0.8534932216613695, "recall": 0.4183490926607848, "iou": 0.39031950405340965}
    )
    assert result["PRIoU"]["3"] == {"precision": None, "recall": 0.0, "iou": 0.0}
    assert result["Confusion_Matrix"] == confusion.tolist()
    assert result["label_list"] == ["0", "1", "2", "3"]


def test_the_errors_of_an_image_are_listed() -> None:
    truth = np.array([[0, 0, 1, 1], [0, 2, 2, IGNORED]], np.uint8)
    guess = np.array([[0, 1, 1, 2], [0, 2, 1, 0]], np.uint8)
    result = image_result(confusion_matrix(truth, guess, 4), ["sky", "tree", "car", "dog"])
    assert result == {
        "iou": pytest.approx((2 / 3 + 1 / 4 + 1 / 3) / 3),
        "pixels": 7,
        "wrong": 3,
        "classes": {
            "sky": {"iou": pytest.approx(2 / 3), "pixels": 3, "missed": 1, "extra": 0},
            "tree": {"iou": pytest.approx(1 / 4), "pixels": 2, "missed": 1, "extra": 2},
            "car": {"iou": pytest.approx(1 / 3), "pixels": 2, "missed": 1, "extra": 1},
        },
        "confused": [
            {"label": "sky", "predicted": "tree", "pixels": 1},
            {"label": "tree", "predicted": "car", "pixels": 1},
            {"label": "car", "predicted": "tree", "pixels": 1},
        ],
    }


def test_nothing_to_count_gives_no_figures() -> None:
    result = evaluation_result(np.zeros((2, 2), np.int64), ["a", "b"])
    assert (result["Mean_IoU"], result["Mean_Acc"], result["kappa"]) == (None, None, None)
    assert image_result(np.zeros((2, 2), np.int64), ["a", "b"])["iou"] is None


def test_a_perfect_answer_of_a_single_class_has_no_kappa() -> None:
    confusion = np.array([[5, 0], [0, 0]])
    assert np.isnan(kappa(confusion))
    assert mean_iou(confusion) == pixel_accuracy(confusion) == 1
