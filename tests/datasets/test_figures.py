"""What images and labels are like, and what is worth a warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets.figures import Figures, concerns, figures
from paddlex_restful.errors import UserError
from tests import images
from tests.datasets.conftest import Import


def test_the_figures_of_a_detection_dataset(source: Path, imported: Import) -> None:
    images.make_detection(source, count=6, size=(96, 64), objects=2, backgrounds=2)
    images.write_voc(source / "Annotations/0000.xml", "0000.jpg", (96, 64), [(0, (1, 2, 31, 12))], images.CLASSES)
    folder = imported("detection", source)
    found = figures(folder, "detection")
    assert found.sizes == {(96, 64): 6}
    assert found.empty == 2
    assert found.boxes[0].tolist() == [30, 10]
    assert len(found.boxes) == len(found.classes) == 1 + 2 * 3 == sum(found.objects.values())
    assert found.parts == {}
    datasets.split(folder, "detection", 0.5, 0)
    again = figures(folder, "detection")
    assert again is not found
    assert again is figures(folder, "detection")
    for label, count in found.images.items():
        assert sum(again.parts[label].values()) == count


@pytest.mark.parametrize("coco", [True, False])
def test_both_forms_of_annotations_give_the_same_figures(source: Path, imported: Import, coco: bool) -> None:
    found = figures(imported("detection", images.make_detection(source, coco=coco)), "detection")
    assert found.boxes.shape == (12, 2)
    assert found.tiny == 0
    assert set(found.objects) <= set(images.CLASSES)


def test_the_background_of_a_segmentation_is_no_object(source: Path, imported: Import) -> None:
    folder = imported("segmentation", images.make_segmentation(source, count=5, backgrounds=2))
    found = figures(folder, "segmentation")
    assert found.empty == 2
    assert len(found.boxes) == 0
    assert len(found.images) == len(datasets.labels(folder)) - 1


def test_an_image_that_became_unreadable_is_named(source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source))
    (folder / "circle/0001.png").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"circle/0001\.png can no longer be drawn"):
        figures(folder, "classification")


def figures_of(**values: object) -> Figures:

    sound: dict[str, object] = {
        "sizes": {(100, 100): 100},
        "boxes": np.full((100, 2), 50.0),
        "classes": np.zeros(100, dtype=np.int64),
        "tiny": 0,
        "objects": {"cat": 50, "dog": 50},
        "images": {"cat": 50, "dog": 50},
        "parts": {},
        "empty": 0,
    }
    return Figures(**(sound | values))  # type: ignore[arg-type]


def test_a_sound_dataset_is_worth_no_warning() -> None:
    assert concerns(figures_of()) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"images": {"cat": 50, "dog": 19}}, "The class dog has 19 image"),
        ({"images": dict.fromkeys("abcde", 2)}, "2 more classes have fewer than 20"),
        ({"images": {"cat": 250, "dog": 22}}, "cat has 11 times as many images as dog"),
        ({"parts": {"cat": {"train": 40, "val": 0, "test": 10}}}, "The class cat has no image for validation"),
        ({"parts": {"cat": {"train": 0, "val": 50, "test": 0}}}, "The class cat has no image for training"),
        ({"tiny": 6}, "6 of 100 boxes are smaller than a fiftieth"),
        ({"empty": 51}, "51 of 100 images have no objects"),
    ],
)
def test_what_a_training_would_suffer_from_is_told(values: dict[str, object], told: str) -> None:
    assert any(told in sentence for sentence in concerns(figures_of(**values)))


def test_a_split_without_a_part_is_none_of_its_classes(source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source, per_class=25))
    datasets.split(folder, "classification", 0, 0.2)
    assert concerns(figures(folder, "classification")) == []
