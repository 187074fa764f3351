"""The same figures as pycocotools gives for the same objects in files of COCO, by its own summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from paddlex_restful.metrics.coco import coco_figures
from paddlex_restful.metrics.detection import Detections, Kind, Truth
from tests.metrics.scenes import HEIGHT, WIDTH, detections, scenes, truth

CLASSES = 3


def by_files(truths: list[Truth], found: list[Detections], kind: Kind, folder: Path) -> tuple[Any, list[float]]:
    """``stats`` of COCOeval, and the mean precision of each class, from an annotation file and a result file."""

    def plain(part: Truth | Detections, index: int, image: int) -> dict[str, Any]:
        x0, y0, x1, y1 = part.boxes[index].tolist()
        assert part.masks is not None
        rle = {"size": part.masks[index]["size"], "counts": part.masks[index]["counts"].decode()}
        box = [x0, y0, x1 - x0, y1 - y0]
        return {"image_id": image + 7, "category_id": int(part.classes[index]) + 1, "bbox": box, "segmentation": rle}

    images = [{"id": image + 7, "width": WIDTH, "height": HEIGHT} for image in range(len(truths))]
    annotations: list[dict[str, Any]] = []
    for image, part in enumerate(truths):
        for index in range(len(part.boxes)):
            one = plain(part, index, image)
            crowd = int(part.crowd[index])
            annotations.append(one | {"id": len(annotations) + 1, "iscrowd": crowd, "area": one["bbox"][2] ** 2})
    results = [
        plain(part, index, image) | {"score": float(part.scores[index])}
        for image, part in enumerate(found)
        for index in range(len(part.boxes))
    ]
    if kind == "bbox":
        for result in results:
            del result["segmentation"]
    categories = [{"id": index + 1, "name": str(index)} for index in range(CLASSES)]
    file = folder / "truth.json"
    file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    coco = COCO(str(file))
    evaluation = COCOeval(coco, coco.loadRes(results), kind)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    return evaluation.stats, [float(precision[:, :, index].mean()) for index in range(CLASSES)]


@pytest.mark.parametrize("kind", ["bbox", "segm"])
@pytest.mark.parametrize("seed", range(4))
def test_the_figures_are_those_of_pycocotools(seed: int, kind: Kind, tmp_path: Path) -> None:
    truths, found = scenes(seed, 25, CLASSES)
    stats, per_class = by_files(truths, found, kind, tmp_path)
    figures = coco_figures(truths, found, CLASSES, kind)
    assert (figures.map, figures.map50, figures.map75) == pytest.approx(tuple(stats[:3]), abs=1e-12)
    assert figures.per_class == pytest.approx(per_class, abs=1e-12)
    assert 0.05 < stats[0] < 0.95, "a sweep of trivial scenes would show nothing"


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_nothing_is_printed(kind: Kind, capfd: pytest.CaptureFixture[str]) -> None:
    coco_figures(*scenes(0, 5, CLASSES), CLASSES, kind)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_a_detector_that_finds_nothing_has_zero(kind: Kind) -> None:
    truths = [truth([(10, 10, 30, 30)], [1]), truth([], [])]
    figures = coco_figures(truths, [detections([], [], [])] * 2, CLASSES, kind)
    assert (figures.map, figures.map50, figures.map75) == (0, 0, 0)
    assert figures.per_class == (None, 0, None)


def test_without_objects_nothing_can_be_computed() -> None:
    found = detections([(10, 10, 30, 30)], [0], [0.9])
    crowd = truth([(10, 10, 30, 30)], [0], [True])
    for truths, answers in (([truth([], [])], [found]), ([crowd], [found]), ([], [])):
        figures = coco_figures(truths, answers, CLASSES)
        assert (figures.map, figures.map50, figures.map75) == (None, None, None)
        assert figures.per_class == (None, None, None)


def test_detections_that_are_right_have_one() -> None:
    boxes = np.array([[10, 10, 30, 30], [50, 20, 90, 60]])
    figures = coco_figures([truth(boxes, [0, 1])], [detections(boxes, [0, 1], [0.3, 0.4])], CLASSES, "segm")
    assert figures.map == pytest.approx(1)
