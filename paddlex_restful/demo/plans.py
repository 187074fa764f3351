"""What the demo of each project type does: its pictures, its model, and the figure that it must reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddlex_restful.demo.digits import write_digits
from paddlex_restful.demo.scenes import DIGITS, HEIGHTS, write_scenes
from paddlex_restful.enums import ProjectType


@dataclass(frozen=True)
class Figure:
    """A figure of an evaluation.

    Attributes:
        name: for people.
        key: in the evaluation's result.
        least: a result below this is a failure of the demo.
    """

    name: str
    key: str
    least: float


@dataclass(frozen=True)
class Plan:
    """The demo of one project type.

    Attributes:
        project_type: its name.
        subject: name of the dataset and of the project.
        write: writes the pictures into a folder and says how many of what there are.
        params: the model, and what the pictures need otherwise than its default parameters say.
        figure: by which the demo is judged.
        describe: what a prediction (an entry of ``result.json``) says of its picture.
        evaluation: arguments of the evaluation.
    """

    project_type: str
    subject: str
    write: Callable[[Path], str]
    params: Mapping[str, Any]
    figure: Figure
    describe: Callable[[Mapping[str, Any]], str]
    evaluation: Mapping[str, Any] = field(default_factory=dict)


_CLASSIFICATION = {
    "model": "ResNet18",
    "image_shape": [32, 32],
    "num_epochs": 5,
    "batch_size": 32,
    "learning_rate": 0.02,
    "lr_policy": "Cosine",
    "warmup_steps": 30,
    "save_interval_epochs": 3,
    # Nothing is downloaded.
    "pretrain_weights": None,
    # A digit in a mirror or upside down is another digit or none, and scanned ink has one colour.
    "horizontal_flip": False,
    "vertical_flip": False,
    "rotate_range": 10,
    "brightness": False,
    "contrast": False,
}
"""0.98 and more within two minutes on two cores."""

_DETECTION = {
    "model": "PP-YOLOE_plus-S",
    "image_shape": [128, 128],
    "num_epochs": 10,
    "batch_size": 8,
    "learning_rate": 0.04,
    "lr_decay_epochs": [7, 9],
    "warmup_steps": 100,
    "save_interval_epochs": 5,
    "pretrain_weights": None,
    "horizontal_flip": False,
    "use_mixup": False,
    "random_shape": False,
    # The scenes show digits of all the sizes that the test has; parts of them would show others.
    "expand_image": False,
    "crop_image": False,
}
"""0.80 and more within six minutes on two cores."""

_SEGMENTATION = {
    "model": "FastSCNN",
    "image_shape": [128, 128],
    "num_epochs": 6,
    "batch_size": 4,
    "optimizer": "AdamW",
    "learning_rate": 0.02,
    "warmup_steps": 30,
    "save_interval_epochs": 3,
    "pretrain_weights": None,
    "horizontal_flip": False,
}
"""0.72 after five minutes of training on two cores."""

_INSTANCE_SEGMENTATION = {
    "model": "MaskRCNN",
    "backbone": "ResNet18",
    "image_shape": [96, 96],
    "num_epochs": 5,
    "batch_size": 4,
    "learning_rate": 0.02,
    "lr_policy": "Cosine",
    "warmup_steps": 100,
    "save_interval_epochs": 5,
    "pretrain_weights": None,
    "horizontal_flip": False,
}
"""0.80. An epoch takes two and a half minutes on two idle cores, four and more where they have other work too."""


def _digits(folder: Path) -> str:
    return f"{write_digits(folder)} handwritten digits"


def _scenes(
    project_type: ProjectType,
    count: int,
    side: int,
    heights: tuple[float, float] = HEIGHTS,
    digits: tuple[int, int] = DIGITS,
) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        written = write_scenes(folder, project_type.value, count, side, heights=heights, digits=digits)
        return f"{count} photographs with {written} handwritten digits"

    return write


def _category(prediction: Mapping[str, Any]) -> str:
    return f"taken for a {prediction['category']}"


def _objects(prediction: Mapping[str, Any]) -> str:
    found = Counter(each["category"] for each in prediction["predictions"])
    named = ", ".join(f"{number} × {category}" for category, number in sorted(found.items()))
    return f"{found.total()} digits found: {named}" if found else "no digit found"


def _regions(prediction: Mapping[str, Any]) -> str:
    named = ", ".join(f"{each['category']} ({each['share']:.1%})" for each in prediction["classes"])
    return f"its pixels show {named}"


PLANS: Mapping[str, Plan] = {
    plan.project_type: plan
    for plan in (
        Plan(
            ProjectType.CLASSIFICATION.value,
            "digits",
            _digits,
            _CLASSIFICATION,
            Figure("accuracy", "Acc1", 0.95),
            _category,
            {"topk": 2},
        ),
        Plan(
            ProjectType.DETECTION.value,
            "scenes",
            _scenes(ProjectType.DETECTION, 1000, 128),
            _DETECTION,
            Figure("mAP at IoU 0.5", "mAP", 0.6),
            _objects,
            {"overlap_thresh": 0.5},
        ),
        Plan(
            ProjectType.SEGMENTATION.value,
            "scenes",
            # Strokes wide enough for answers that are an eighth of the picture's size.
            _scenes(ProjectType.SEGMENTATION, 2000, 128, (0.28, 0.38), (6, 12)),
            _SEGMENTATION,
            Figure("mean IoU", "Mean_IoU", 0.7),
            _regions,
        ),
        Plan(
            ProjectType.INSTANCE_SEGMENTATION.value,
            "scenes",
            # Most of the time goes into the outlines, of eight digits a picture whatever its size.
            _scenes(ProjectType.INSTANCE_SEGMENTATION, 800, 96, (0.22, 0.32), (4, 8)),
            _INSTANCE_SEGMENTATION,
            Figure("mAP of the masks at IoU 0.5", "Mask_mAP", 0.3),
            _objects,
            {"overlap_thresh": 0.5},
        ),
    )
}
