from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from pycocotools import mask as mask_utils

from paddlex_restful.datasets.rle import rle_mask
from paddlex_restful.imaging.image import read_image
from paddlex_restful.metrics.detection import (
    SET_ASIDE,
    UNMATCHED,
    Detections,
    Kind,
    Truth,
    average_precision,
    average_precisions,
    confusion_matrix,
    entries,
    evaluation_result,
    image_record,
    instance_evaluation_result,
    match,
    truth_of,
)
from tests.metrics.scenes import HEIGHT, WIDTH, detections, scenes, truth

LABELS = ["cat", "狗"]
BOX = (10, 10, 30, 30)
NEAR = (12, 10, 32, 30)
"""Covers 18 of 22 columns of ``BOX`` and itself: IoU 9 / 11."""
FAR = (60, 50, 90, 80)


def plain_iou(a: np.ndarray, b: np.ndarray, crowd: bool) -> float:
    """IoU of two boxes or of two masks, or the share of the first that lies in a crowd region."""
    if a.ndim == 1:
        width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
        height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
        inside, whole, other = width * height, (a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])
    else:
        inside, whole, other = float((a & b).sum()), float(a.sum()), float(b.sum())
    return inside / (whole if crowd else whole + other - inside)


def mask_of(rle: Mapping[str, Any]) -> np.ndarray:
    counts = rle["counts"]
    return rle_mask({"size": rle["size"], "counts": counts.decode() if isinstance(counts, bytes) else counts})


def regions(part: Truth | Detections, kind: Kind) -> list[np.ndarray]:
    if kind == "bbox":
        return list(part.boxes)
    assert part.masks is not None
    return [mask_of(rle) for rle in part.masks]


def plain_average_precision(
    truths: list[Truth], found: list[Detections], index: int, threshold: float, kind: Kind
) -> float | None:
    """AP of a class, detection by detection in the order of the scores, the area by its definition."""
    objects = sum(int(((part.classes == index) & ~part.crowd).sum()) for part in truths)
    if objects == 0:
        return None
    everything = [
        (float(part.scores[i]), image, i)
        for image, part in enumerate(found)
        for i in range(len(part.scores))
        if part.classes[i] == index
    ]
    taken: set[tuple[int, int]] = set()
    points = []
    right = wrong = 0
    for _, image, i in sorted(everything, key=lambda one: -one[0]):
        part, true = found[image], truths[image]
        region = regions(part, kind)[i]
        best, best_iou, aside = None, threshold, False
        for j, other in enumerate(regions(true, kind)):
            if true.classes[j] != index:
                continue
            iou = plain_iou(region, other, bool(true.crowd[j]))
            if true.crowd[j]:
                aside = aside or iou >= threshold
            elif (image, j) not in taken and iou >= best_iou:
                best, best_iou = j, iou
        if best is not None:
            taken.add((image, best))
            right += 1
        elif aside:
            continue
        else:
            wrong += 1
        points.append((right / objects, right / (right + wrong)))
    recalls = sorted({0.0, *(recall for recall, _ in points)})
    return sum(
        (high - low) * max(precision for recall, precision in points if recall >= high)
        for low, high in pairwise(recalls)
    )


@pytest.mark.parametrize("kind", ["bbox", "segm"])
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9])
def test_average_precision_is_that_of_the_plain_way(threshold: float, kind: Kind) -> None:
    for seed in range(6):
        truths, found = scenes(seed, 12, 3)
        expected = [plain_average_precision(truths, found, index, max(threshold, 1e-9), kind) for index in range(3)]
        assert average_precisions(truths, found, 3, threshold, kind) == pytest.approx(expected, abs=1e-12)


def test_average_precision_by_hand() -> None:
    scores = np.array([0.2, 0.9, 0.5, 0.7])
    correct = np.array([True, True, True, False])
    # From the best down: right, wrong, right, right, of 4. Recall 1/4 at 1, then 2/4 and 3/4 at 3/4.
    assert average_precision(scores, correct, 4) == pytest.approx(0.25 * 1 + 0.5 * 0.75)
    assert average_precision(scores[:0], correct[:0], 4) == 0
    assert average_precision(scores, correct, 0) is None


def matrix_of(true: Truth, found: Detections, overlap: float = 0.5, score: float = 0.5) -> list[list[float]]:
    matrix: list[list[float]] = confusion_matrix([true], [found], 2, overlap, score).tolist()
    return matrix


def test_confusions_misses_and_inventions_have_their_cells() -> None:
    cat = truth([BOX], [0])
    assert matrix_of(cat, detections([NEAR], [0], [0.9])) == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert matrix_of(cat, detections([NEAR], [1], [0.9])) == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert matrix_of(cat, detections([FAR], [1], [0.9])) == [[0, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert matrix_of(cat, detections([], [], [])) == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert matrix_of(truth([], []), detections([FAR], [0], [0.9])) == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert matrix_of(truth([], []), detections([], [], [])) == [[0, 0, 0]] * 3


def plain_matrix(true: Truth, found: Detections, overlap: float, score: float, kind: Kind) -> np.ndarray:
    """The confusion matrix of one image with three classes, pair by pair."""
    matrix = np.zeros((4, 4))
    objects, answers = regions(true, kind), regions(found, kind)
    left = {j for j in range(len(objects)) if not true.crowd[j]}
    for i in sorted(range(len(answers)), key=lambda i: -found.scores[i]):
        if found.scores[i] < score:
            continue
        own = found.classes[i]
        pairs = [(plain_iou(answers[i], objects[j], False), true.classes[j] == own, j) for j in left]
        iou, _, best = max(pairs, default=(0, False, -1))
        crowds = [j for j in range(len(objects)) if true.crowd[j] and true.classes[j] == own]
        if iou >= overlap:
            matrix[true.classes[best], own] += 1
            left.remove(best)
        elif not any(plain_iou(answers[i], objects[j], True) >= overlap for j in crowds):
            matrix[3, own] += 1
    for j in left:
        matrix[true.classes[j], 3] += 1
    return matrix


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_the_confusion_matrix_is_that_of_the_plain_way(kind: Kind) -> None:
    for seed in range(12):
        truths, found = scenes(seed, 8, 3)
        overlap, score = 0.1 + 0.07 * seed, 0.08 * seed
        expected = sum(plain_matrix(*pair, overlap, score, kind) for pair in zip(truths, found, strict=True))
        assert confusion_matrix(truths, found, 3, overlap, score, kind).tolist() == expected.tolist()


def test_an_object_that_is_found_twice_is_found_by_the_higher_score() -> None:
    twice = detections([NEAR, BOX], [0, 1], [0.6, 0.8])
    assert matrix_of(truth([BOX], [0]), twice) == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]


def test_of_objects_in_one_place_the_one_of_the_same_class_is_taken() -> None:
    for classes in ([0, 1], [1, 0]):
        both = truth([BOX, BOX], classes)
        assert matrix_of(both, detections([BOX, BOX], [1, 0], [0.9, 0.8])) == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_the_best_covered_object_is_taken_before_one_of_the_same_class() -> None:
    both = truth([NEAR, BOX], [0, 1])
    assert matrix_of(both, detections([BOX], [0], [0.9])) == [[0, 0, 1], [1, 0, 0], [0, 0, 0]]


def test_crowds_count_for_nothing() -> None:
    crowd = truth([BOX], [0], [True])
    inside = (12, 12, 18, 18)
    assert matrix_of(crowd, detections([], [], [])) == [[0, 0, 0]] * 3
    assert matrix_of(crowd, detections([BOX, inside, inside], [0, 0, 0], [0.9, 0.8, 0.7])) == [[0, 0, 0]] * 3
    assert matrix_of(crowd, detections([inside], [1], [0.9]))[2] == [0, 1, 0], "a crowd of cats excuses no dog"
    assert matrix_of(crowd, detections([FAR], [0], [0.9]))[2] == [1, 0, 0]
    beside = truth([BOX, NEAR], [0, 0], [True, False])
    assert matrix_of(beside, detections([BOX], [0], [0.9])) == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_both_thresholds_include_what_lies_on_them() -> None:
    cat = truth([(0, 0, 20, 10)], [0])
    half = detections([(0, 0, 10, 10)], [0], [0.5])
    assert matrix_of(cat, half)[0][0] == 1
    assert matrix_of(cat, half, overlap=0.51) == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert matrix_of(cat, half, score=0.51) == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert matrix_of(cat, detections([(0, 0, 20, 10)], [0], [1.0]), overlap=1.0, score=1.0)[0][0] == 1
    assert matrix_of(cat, detections([FAR], [0], [0.0]), overlap=0.0, score=0.0) == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_boxes_without_area_overlap_with_nothing() -> None:
    line = (10, 10, 10, 30)
    assert matrix_of(truth([line], [0]), detections([line], [0], [0.9]), 0.0)[0] == [0, 0, 1]
    assert matrix_of(truth([line], [0], [True]), detections([line], [0], [0.9]), 0.0)[2] == [1, 0, 0]


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_every_object_and_every_detection_is_counted_once(kind: Kind) -> None:
    for seed in range(10):
        truths, found = scenes(seed, 10, 3, crowds=False)
        threshold = 0.1 * seed
        matrix = confusion_matrix(truths, found, 3, 0.4, threshold, kind)
        objects = np.bincount(np.concatenate([part.classes for part in truths]), minlength=3)
        counted = [part.classes[part.scores >= threshold] for part in found]
        assert matrix[:3].sum(axis=1).tolist() == objects.tolist()
        assert matrix[:, :3].sum(axis=0).tolist() == np.bincount(np.concatenate(counted), minlength=3).tolist()


def test_a_match_tells_the_object_and_the_overlap() -> None:
    true = truth([BOX, FAR], [0, 0], [False, True])
    found = detections([FAR, NEAR, BOX, (0, 80, 5, 85)], [0, 0, 0, 0], [0.9, 0.5, 0.4, 0.3])
    matches, ious = match(true, found, 0.5)
    assert matches.tolist() == [SET_ASIDE, 0, UNMATCHED, UNMATCHED]
    assert ious.tolist() == pytest.approx([0, 9 / 11, 0, 0])


def test_the_result_has_the_form_of_the_contract() -> None:
    truths = [truth([BOX, FAR], [0, 0]), truth([], [])]
    found = [detections([NEAR, BOX], [0, 0], [0.9, 0.8]), detections([FAR], [0], [0.7])]
    assert evaluation_result(truths, found, LABELS, 0.3, 0.5) == {
        "Confusion_Matrix": [[1, 0, 1], [0, 0, 0], [2, 0, 0]],
        "PRAP": {
            "cat": {"precision": 1 / 3, "recall": 0.5, "AP": 0.5},
            "狗": {"precision": None, "recall": None, "AP": None},
        },
        "mAP": 0.5,
        "label_list": ["cat", "狗", "back_ground"],
    }


def test_nothing_found_and_nothing_there_are_different_results() -> None:
    nothing = [detections([], [], [])]
    missed = evaluation_result([truth([BOX], [0])], nothing, LABELS, 0.3, 0.5)
    assert missed["PRAP"]["cat"] == {"precision": None, "recall": 0, "AP": 0}
    assert missed["mAP"] == 0
    for truths, found in (([truth([], [])], nothing), ([], [])):
        result = evaluation_result(truths, found, LABELS, 0.3, 0.5)
        assert result["mAP"] is None
        assert result["Confusion_Matrix"] == [[0, 0, 0]] * 3


def test_low_scores_count_for_the_average_precision_alone() -> None:
    result = evaluation_result([truth([BOX], [0])], [detections([BOX], [0], [0.1])], LABELS, 0.3, 0.5)
    assert result["PRAP"]["cat"] == {"precision": None, "recall": 0, "AP": 1}


def test_boxes_and_masks_of_instances_are_measured_apart() -> None:
    boxes = np.array([BOX], float)
    columns = np.tile(np.arange(WIDTH), (HEIGHT, 1))
    left, right = (mask_utils.encode(np.asfortranarray(half, np.uint8)) for half in (columns < 20, columns >= 20))
    true = Truth(boxes, np.array([0]), np.array([False]), [left])
    found = Detections(boxes, np.array([0]), np.array([0.9]), [right])
    result = instance_evaluation_result([true], [found], LABELS, 0.3, 0.5)
    assert set(result) == {
        *(f"{kind}_{figure}" for kind in ("BBox", "Mask") for figure in ("Confusion_Matrix", "PRAP", "mAP")),
        "label_list",
    }
    assert (result["BBox_mAP"], result["Mask_mAP"]) == (1, 0)
    assert result["BBox_Confusion_Matrix"][0] == [1, 0, 0]
    assert result["Mask_Confusion_Matrix"] == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert result["label_list"] == ["cat", "狗", "back_ground"]


def test_objects_of_a_sample_become_boxes_and_masks() -> None:
    square = [10, 10, 30, 10, 30, 30, 10, 30]
    runs = {"size": [HEIGHT, WIDTH], "counts": [0, 5, HEIGHT * WIDTH - 5]}
    text = {"size": [HEIGHT, WIDTH], "counts": mask_utils.frPyObjects(runs, HEIGHT, WIDTH)["counts"].decode()}
    objects = [
        {"bbox": [10, 10, 30, 30], "category": 1, "iscrowd": 0, "difficult": 0, "segmentation": [square, square]},
        {"bbox": [0, 0, 1, 5], "category": 0, "iscrowd": 1, "difficult": 0, "segmentation": runs},
        {"bbox": [0, 0, 1, 5], "category": 0, "iscrowd": 0, "difficult": 1, "segmentation": text},
    ]
    found = truth_of(objects, (WIDTH, HEIGHT), masks=True)
    assert found.masks is not None
    assert [int(mask_utils.area(rle)) for rle in found.masks] == [400, 5, 5]
    assert found.classes.tolist() == [1, 0, 0]
    assert found.crowd.tolist() == [False, True, True]
    none = truth_of([], (WIDTH, HEIGHT), masks=False)
    assert (none.boxes.shape, none.masks) == ((0, 4), None)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_objects_of_a_picture_that_lies_on_its_side_are_turned_with_it(tmp_path: Path, orientation: int) -> None:
    stored = np.zeros((HEIGHT, WIDTH), np.uint8)
    stored[20:45, 10:100] = 255
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    outline = [10, 20, 100, 20, 100, 45, 10, 45]
    lying = {"bbox": [10, 20, 100, 45], "category": 0, "iscrowd": 0, "difficult": 0, "segmentation": [outline]}
    true = truth_of([lying], (WIDTH, HEIGHT), masks=True, orientation=orientation)
    seen = read_image(tmp_path / "a.png")[..., 0] > 0
    rows, columns = np.nonzero(seen)
    assert true.boxes.tolist() == [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]
    assert true.masks is not None
    assert np.array_equal(mask_of(true.masks[0]), seen)


def test_the_record_of_an_image_is_plain_json_and_says_who_found_what() -> None:
    true = truth([BOX, FAR], [0, 1], [False, True])
    found = detections([FAR, NEAR, FAR], [1, 1, 0], [0.5, 0.9, 0.4])
    record = image_record("JPEGImages/猫.jpg", (WIDTH, HEIGHT), true, found, LABELS, 0.3, 0.5)
    assert json.loads(json.dumps(record)) == record
    assert record["image"] == "JPEGImages/猫.jpg"
    assert record["size"] == [WIDTH, HEIGHT]
    assert record["truths"] == [
        {"category": "cat", "category_id": 0, "bbox": [10, 10, 20, 20], "crowd": False},
        {"category": "狗", "category_id": 1, "bbox": [60, 50, 30, 30], "crowd": True},
    ]
    first, second = record["predictions"]
    assert (first["category"], first["score"], first["bbox"], first["match"]) == ("狗", 0.9, [12, 10, 20, 20], 0)
    assert 0.5 < first["iou"] < 1
    assert (second["match"], second["iou"], second["set_aside"]) == (None, 0, True)
    assert found.masks is not None
    assert mask_of(first["segmentation"]).tolist() == mask_of(found.masks[1]).tolist()


def test_detections_without_masks_have_no_segmentation() -> None:
    (entry,) = entries(Detections(np.array([BOX]), np.array([1]), np.array([0.25], np.float32)), LABELS)
    assert entry == {"category": "狗", "category_id": 1, "score": 0.25, "bbox": [10, 10, 20, 20]}
