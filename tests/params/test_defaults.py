import json
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.params import default_params, models

# What the original server answered: each type's default, how each model differs from it, parameters of a stored task.
RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
MODELS = [(kind, model) for kind, facts in RECORDED.items() for model in facts["differs"]]


def recorded(kind: str, model: str) -> dict[str, Any]:
    values = RECORDED[kind]["default"] | RECORDED[kind]["differs"][model]
    return {key: value for key, value in values.items() if value != "<absent>"}


@pytest.mark.parametrize(("kind", "model"), MODELS)
@pytest.mark.parametrize("gpus", [(), (0,)])
def test_defaults_are_the_originals(kind: str, model: str, gpus: tuple[int, ...]) -> None:
    values = default_params(kind, model, gpus)
    expected = recorded(kind, model) | {"cuda_visible_devices": "0" if gpus else ""}
    assert values == expected
    assert {key: type(value) for key, value in values.items()} == {key: type(value) for key, value in expected.items()}


@pytest.mark.parametrize("kind", RECORDED)
def test_without_a_model_the_default_is_the_originals(kind: str) -> None:
    assert default_params(kind) == RECORDED[kind]["default"]
    assert models(kind)[0] == RECORDED[kind]["default"]["model"]


def test_project_type_may_be_the_enum() -> None:
    assert default_params(ProjectType.DETECTION) == default_params("detection")


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ("classification", "AlexNet"),
        ("classification", "PPLCNet"),
        ("classification", "PPLCNet_ssld"),
        ("detection", "PicoDet"),
        ("detection", "PP-YOLOE_plus-S"),
        ("detection", "PP-YOLOE_plus-X"),
    ],
)
def test_models_that_the_original_failed_on_or_lacked_have_defaults(kind: str, model: str) -> None:
    values = default_params(kind, model)
    assert values["model"] == model
    assert set(values) == set(RECORDED[kind]["default"])
    assert 0 < values["learning_rate"] < 0.01


def test_learning_rate_and_batch_grow_with_the_gpus() -> None:
    values = default_params("classification", "ResNet50", (0, 2, 3))
    assert values["cuda_visible_devices"] == "0,2,3"
    assert values["batch_size"] == 12
    assert values["learning_rate"] == pytest.approx(3 * 0.0015625)


def test_warm_up_of_the_yolo_family_follows_the_classes() -> None:
    assert default_params("detection", "PPYOLO", classes=7)["warmup_steps"] == 350
    assert default_params("detection", "PPYOLO", classes=0)["warmup_steps"] == 50
    assert default_params("detection", "FasterRCNN", classes=7)["warmup_steps"] == 50
    assert "warmup_steps" not in default_params("classification", classes=7)


def test_a_caller_may_change_what_it_got() -> None:
    default_params("classification")["image_shape"].append(3)
    assert default_params("classification")["image_shape"] == [224, 224]


def test_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no detection model named Yolo9000; choose one of YOLOv3, PPYOLO"):
        default_params("detection", "Yolo9000")


@pytest.mark.parametrize("kind", ["remote_segmentation", "cooking", ""])
def test_type_without_parameters_is_refused(kind: str) -> None:
    with pytest.raises(UserError, match="classification, detection, segmentation, instance_segmentation"):
        default_params(kind)
    with pytest.raises(UserError):
        models(kind)
