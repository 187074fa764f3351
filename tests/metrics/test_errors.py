from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from paddlex_restful.metrics.detection import confusion_matrix, image_record
from paddlex_restful.metrics.errors import RIGHT, ImageErrors, Wanted, judged, ranked
from paddlex_restful.metrics.segmentation import image_result
from tests.metrics.scenes import HEIGHT, WIDTH, detections, scenes, truth

LABELS = ["cat", "狗"]
BOX = (10, 10, 30, 30)
FAR = (60, 50, 90, 80)


def guess(image: str, label: str, predicted: str, score: float) -> dict[str, Any]:
    return {"image": image, "label": label, "predicted": predicted, "score": score}


def test_wrong_classes_come_with_the_surest_first_and_right_ones_not_at_all() -> None:
    records = [
        guess("a.png", "cat", "狗", 0.6),
        guess("b.png", "cat", "cat", 0.4),
        guess("d.png", "狗", "cat", 0.9),
        guess("c.png", "cat", "狗", 0.9),
    ]
    found = ranked(records, "classification", LABELS)
    assert [(one.image, one.error) for one in found] == [("c.png", 0.9), ("d.png", 0.9), ("a.png", 0.6)]
    assert found[1] == ImageErrors(
        "d.png", 0.9, 0, 0, 1, [{"kind": "confusion", "category": "狗", "predicted": "cat", "score": 0.9}], []
    )


def record(image: str, true: Any, found: Any) -> dict[str, Any]:
    return image_record(image, (WIDTH, HEIGHT), true, found, LABELS, 0.5, 0.5)


def test_objects_that_were_missed_invented_or_confused_are_told() -> None:
    confused = record("a.png", truth([BOX, FAR], [0, 0]), detections([BOX, (0, 60, 20, 80)], [1, 1], [0.9, 0.8]))
    (found,) = ranked([confused], "detection", LABELS)
    assert (found.error, found.false_positives, found.misses, found.confusions) == (1, 1, 1, 1)
    assert found.items == [
        {"kind": "confusion", "category": "cat", "predicted": "狗", "score": 0.9, "bbox": [10, 10, 20, 20], "iou": 1},
        {"kind": "false_positive", "category": None, "predicted": "狗", "score": 0.8, "bbox": [0, 60, 20, 20]},
        {"kind": "miss", "category": "cat", "predicted": None, "bbox": [60, 50, 30, 30]},
    ]


@pytest.mark.parametrize("project_type", ["detection", "instance_segmentation"])
def test_the_share_of_errors_orders_images_with_objects(project_type: str) -> None:
    right = detections([BOX], [0], [0.9])
    records = [
        record("one of two.png", truth([BOX, FAR], [0, 0]), right),
        record("right.png", truth([BOX], [0]), right),
        record("all of one.png", truth([FAR], [0]), detections([], [], [])),
        record("nothing.png", truth([], []), detections([], [], [])),
        record("all of two.png", truth([BOX, FAR], [0, 0]), detections([], [], [])),
        record("crowd.png", truth([BOX, FAR], [0, 0], [True, True]), right),
        record("twice.png", truth([BOX], [0]), detections([BOX, BOX, BOX], [0, 0, 0], [0.9, 0.8, 0.7])),
    ]
    found = ranked(records, project_type, LABELS)
    assert [(one.image, one.error) for one in found] == [
        ("all of two.png", 1),
        ("all of one.png", 1),
        ("twice.png", pytest.approx(2 / 3)),
        ("one of two.png", 0.5),
    ]


def pixels(label: str, predicted: str, count: int) -> dict[str, Any]:
    return {"label": label, "predicted": predicted, "pixels": count}


def test_pixels_of_the_background_are_told_from_confusions() -> None:
    many = [pixels("ground", "road", 3), pixels("road", "car", 7), pixels("car", "ground", 5)]
    records = [
        {"image": "right.png", "iou": 1.0, "confused": [], "classes": {}},
        {"image": "ignored.png", "iou": None, "confused": [], "classes": {}},
        {"image": "b.png", "iou": 0.75, "confused": many, "classes": {}},
        {
            "image": "a.png",
            "iou": 0.25,
            "classes": {},
            "confused": [pixels("ground", "road", 3), pixels("ground", "car", 4)],
        },
    ]
    worst, other = ranked(records, "segmentation", ["ground", "road", "car"])
    assert (worst.image, worst.error, worst.false_positives, worst.misses, worst.confusions) == ("a.png", 0.75, 7, 0, 0)
    assert (other.error, other.false_positives, other.misses, other.confusions) == (0.25, 3, 5, 7)
    assert other.items == [
        {"kind": "confusion", "category": "road", "predicted": "car", "pixels": 7},
        {"kind": "miss", "category": "car", "predicted": None, "pixels": 5},
        {"kind": "false_positive", "category": None, "predicted": "road", "pixels": 3},
    ]


def test_what_is_wanted_is_found_by_kind_and_classes() -> None:
    found, confused = detections([BOX, FAR], [0, 1], [0.9, 0.8]), detections([BOX], [1], [0.9])
    one, other = judged(
        [record("a.png", truth([BOX], [0]), found), record("b.png", truth([BOX, FAR], [0, 0]), confused)],
        "detection",
        LABELS,
    )
    assert (one.image, one.right, other.image, other.right) == ("b.png", [], "a.png", ["cat"])
    for wanted, amounts in (
        (Wanted(), (2, 1)),
        (Wanted("miss"), (1, 0)),
        (Wanted("false_positive", predicted="狗"), (0, 1)),
        (Wanted("confusion", "cat", "狗"), (1, 0)),
        (Wanted(category="cat"), (2, 0)),
        (Wanted(predicted="狗"), (1, 1)),
        (Wanted(RIGHT), (0, 1)),
        (Wanted(RIGHT, "cat"), (0, 1)),
        (Wanted(RIGHT, "狗"), (0, 0)),
    ):
        assert (wanted.amount(one), wanted.amount(other)) == amounts, wanted


def test_right_pixels_of_a_class_count_as_right() -> None:
    confusion = np.array([[90, 2, 0], [3, 5, 0], [4, 0, 0]])
    record = {"image": "a.png", "mask": "a.png", **image_result(confusion, ["ground", "road", "car"])}
    (found,) = judged([record], "segmentation", ["ground", "road", "car"])
    assert found.right == ["ground", "road"]
    assert Wanted("miss", "car").amount(found) == 4


def test_the_figures_of_segmentation_are_understood() -> None:
    confusion = np.array([[90, 2, 0], [3, 5, 0], [0, 0, 0]])
    record = {"image": "a.png", "mask": "a.png", **image_result(confusion, ["ground", "road", "car"])}
    (found,) = ranked([record], "segmentation", ["ground", "road", "car"])
    assert (found.false_positives, found.misses, found.confusions) == (2, 3, 0)
    assert found.error == pytest.approx(1 - (90 / 95 + 5 / 10) / 2)


def test_counts_agree_with_the_confusion_matrix() -> None:
    truths, found = scenes(3, 40, 3)
    records = [
        image_record(f"{i}.png", (WIDTH, HEIGHT), *pair, ["a", "b", "c"], 0.4, 0.3)
        for i, pair in enumerate(zip(truths, found, strict=True))
    ]
    listed = ranked(records, "instance_segmentation", ["a", "b", "c"])
    matrix = confusion_matrix(truths, found, 3, 0.4, 0.3, "segm")
    assert sum(one.false_positives for one in listed) == matrix[3].sum()
    assert sum(one.misses for one in listed) == matrix[:, 3].sum()
    inner = matrix[:3, :3]
    assert sum(one.confusions for one in listed) == inner.sum() - inner.trace()
    assert all(0 <= one.error <= 1 for one in listed)


def test_ten_thousand_images_are_ranked_within_seconds() -> None:
    truths, found = scenes(0, 50, 3)
    some = [
        image_record(f"{i}.png", (WIDTH, HEIGHT), *pair, ["a", "b", "c"], 0.4, 0.0)
        for i, pair in enumerate(zip(truths, found, strict=True))
    ]
    start = time.process_time()
    assert len(ranked(some * 200, "detection", ["a", "b", "c"])) > 5000
    assert time.process_time() - start < 5
