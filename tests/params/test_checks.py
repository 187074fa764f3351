import json
import pickle
from typing import Any

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.params import BadParams, check_params, default_params, models
from paddlex_restful.params.schema import PARAMS_MODELS
from tests.conftest import Server
from tests.params.test_defaults import MODELS, RECORDED, recorded

CLASSIFIER = "classification"


@pytest.mark.parametrize(("kind", "model"), MODELS)
def test_defaults_pass_unchanged(kind: str, model: str) -> None:
    values = recorded(kind, model)
    checked = check_params(kind, values)
    assert {key: checked[key] for key in values} == values


@pytest.mark.parametrize("kind", RECORDED)
def test_every_model_passes_and_passes_again(kind: str) -> None:
    for model in models(kind):
        checked = check_params(kind, default_params(kind, model))
        assert set(checked) == set(PARAMS_MODELS[kind].model_fields)
        assert check_params(kind, checked) == checked


@pytest.mark.parametrize("kind", RECORDED)
def test_parameters_that_the_original_stored_pass(kind: str) -> None:
    stored = RECORDED[kind]["stored"]
    checked = check_params(kind, stored)
    assert {key: checked[key] for key in stored} == stored


@pytest.mark.parametrize("kind", RECORDED)
def test_every_type_has_a_warm_up(kind: str) -> None:
    checked = check_params(kind, {"warmup_steps": "30", "warmup_start_lr": 1e-4})
    assert checked["warmup_steps"] == 30
    assert checked["warmup_start_lr"] == 1e-4


def test_text_is_taken_for_numbers_switches_and_lists() -> None:
    checked = check_params(
        CLASSIFIER,
        {
            "num_epochs": "3",
            "batch_size": "16.0",
            "learning_rate": " 2.5e-3 ",
            "hue": "true",
            "rotate": "False",
            "image_shape": "[64, 96]",
            "lr_decay_epochs": "1, 2",
            "image_mean": ["0.1", "0.2", "0.3"],
            "cuda_visible_devices": " 1, 0 ",
        },
    )
    assert checked["num_epochs"] == 3
    assert checked["batch_size"] == 16
    assert checked["learning_rate"] == 0.0025
    assert checked["hue"] is True
    assert checked["rotate"] is False
    assert checked["image_shape"] == [64, 96]
    assert checked["lr_decay_epochs"] == [1, 2]
    assert checked["image_mean"] == [0.1, 0.2, 0.3]
    assert checked["cuda_visible_devices"] == "1,0"
    assert all(type(value) is int for value in (checked["num_epochs"], checked["batch_size"], *checked["image_shape"]))


def test_missing_parameters_are_those_of_the_named_model() -> None:
    assert check_params(CLASSIFIER, {"model": "HRNet_W18_C"})["image_shape"] == [512, 512]
    assert check_params(CLASSIFIER, {})["model"] == "MobileNetV2"


@pytest.mark.parametrize(
    ("given", "kept"), [("", ""), (None, ""), (0, "0"), ([0, 1], "0,1"), ([], ""), ("0 ,1", "0,1"), ("01", "1")]
)
def test_gpus_are_taken_in_every_form(given: object, kept: str) -> None:
    assert check_params(CLASSIFIER, {"cuda_visible_devices": given})["cuda_visible_devices"] == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, None), ("", None), ("IMAGENET", "IMAGENET"), ("PM0001", "PM0001"), ("/数据/a b.pdparams",) * 2],
)
def test_pretrained_weights(given: object, kept: object) -> None:
    assert check_params(CLASSIFIER, {"pretrain_weights": given})["pretrain_weights"] == kept


BAD: list[tuple[str, str, Any, str]] = [
    (CLASSIFIER, "num_epochs", -1, "from 1 to 100000"),
    (CLASSIFIER, "num_epochs", 0, "from 1"),
    (CLASSIFIER, "num_epochs", 2.5, "whole number"),
    (CLASSIFIER, "num_epochs", True, "whole number"),
    (CLASSIFIER, "num_epochs", "many", "whole number"),
    (CLASSIFIER, "num_epochs", None, "whole number"),
    (CLASSIFIER, "num_epochs", [1], "whole number"),
    (CLASSIFIER, "num_epochs", 10**30, "100000"),
    (CLASSIFIER, "learning_rate", 0, "above 0"),
    (CLASSIFIER, "learning_rate", -0.1, "above 0"),
    (CLASSIFIER, "learning_rate", float("nan"), "above 0"),
    (CLASSIFIER, "learning_rate", "nan", "above 0"),
    (CLASSIFIER, "learning_rate", float("inf"), "at most 10"),
    (CLASSIFIER, "batch_size", 0, "from 1"),
    (CLASSIFIER, "save_interval_epochs", 0, "from 1"),
    (CLASSIFIER, "hue_prob", 1.01, "from 0 to 1"),
    (CLASSIFIER, "hue_prob", -0.01, "from 0 to 1"),
    (CLASSIFIER, "hue", "perhaps", "true or false"),
    (CLASSIFIER, "rotate_range", 181, "from 0 to 180"),
    (CLASSIFIER, "image_shape", [0, 224], "width and height"),
    (CLASSIFIER, "image_shape", [224, 100000], "to 4096"),
    (CLASSIFIER, "image_shape", [224], "two whole numbers"),
    (CLASSIFIER, "image_shape", [224, 224, 3], "two whole numbers"),
    (CLASSIFIER, "image_shape", 224, "two whole numbers"),
    (CLASSIFIER, "image_shape", "[" * 5000, "two whole numbers"),
    (CLASSIFIER, "image_mean", [0.5, 0.5], "three numbers"),
    (CLASSIFIER, "image_std", [0.5, 0, 0.5], "above 0"),
    (CLASSIFIER, "lr_decay_epochs", [8, 6, 4], "must ascend"),
    (CLASSIFIER, "lr_decay_epochs", [4, 4], "must ascend"),
    (CLASSIFIER, "lr_decay_epochs", [0, 4], "from 1"),
    (CLASSIFIER, "lr_policy", "Step", "Piecewise, Linear, Cosine, Polynomial"),
    (CLASSIFIER, "model", "ResNet51", "ResNet50, ResNet101"),
    (CLASSIFIER, "model", ["ResNet50"], "ResNet50, ResNet101"),
    (CLASSIFIER, "cuda_visible_devices", "gpu0", "GPU numbers"),
    (CLASSIFIER, "cuda_visible_devices", "-1", "GPU numbers"),
    (CLASSIFIER, "cuda_visible_devices", "0,0", "different GPU numbers"),
    (CLASSIFIER, "cuda_visible_devices", "²", "GPU numbers"),
    (CLASSIFIER, "pretrain_weights", "COCO", "IMAGENET"),
    (CLASSIFIER, "pretrain_weights", {"a": 1}, "null or text"),
    (CLASSIFIER, "pruned_flops", 1, "below 1"),
    (CLASSIFIER, "eval_metric_loss", 0, "above 0"),
    (CLASSIFIER, "backbone", "ResNet50", "no parameter of classification"),
    (CLASSIFIER, "num_epoch", 3, "did you mean num_epochs"),
    (CLASSIFIER, "k" * 100_000, 3, "no parameter"),
    ("detection", "backbone", "ResNet9", "DarkNet53"),
    ("detection", "random_shape_sizes", [100], "multiples of 32"),
    ("detection", "random_shape_sizes", [], "at least one"),
    ("detection", "mixup_alpha", 0, "above 0"),
    ("detection", "rotate", True, "no parameter of detection"),
    ("detection", "image_shape", [0, 224], "the short and the long side"),
    ("segmentation", "image_shape", [0, 224], "height and width"),
    ("segmentation", "loss_type", [True], "two of true or false"),
    ("segmentation", "optimizer", "Lion", "SGD, Adam, AdamW"),
    ("segmentation", "min_ratio", 0, "above 0"),
    ("instance_segmentation", "pretrain_weights", "CITYSCAPES", "IMAGENET, COCO"),
]


@pytest.mark.parametrize(("kind", "key", "value", "remedy"), BAD, ids=lambda part: str(part)[:30])
def test_impossible_value_is_refused_by_name(kind: str, key: str, value: Any, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        check_params(kind, {key: value})
    message = str(caught.value)
    assert key[:50] in message
    assert remedy in message
    assert len(message) < 900


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(UserError) as caught:
        check_params(CLASSIFIER, {"num_epochs": 0, "model": "X", "nonsense": 1, "pretrain_weights": "COCO", "hue": 7})
    for key in ("num_epochs", "model", "nonsense", "pretrain_weights", "hue"):
        assert key in str(caught.value)


def test_a_refusal_names_its_parameters() -> None:
    with pytest.raises(BadParams) as caught:
        check_params(CLASSIFIER, {"num_epochs": 0, "batch_size": 5, "cuda_visible_devices": "0,1"})
    assert caught.value.problems.keys() == {"num_epochs", "batch_size"}
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)


def test_a_flood_of_problems_is_cut() -> None:
    with pytest.raises(UserError, match="and 4980 more"):
        check_params(CLASSIFIER, {f"key{number}": 1 for number in range(5000)})


def test_a_deeply_nested_value_is_refused() -> None:
    nested: Any = 1
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(UserError, match="num_epochs"):
        check_params(CLASSIFIER, {"num_epochs": nested})


def test_braces_in_a_value_are_shown_as_they_are() -> None:
    with pytest.raises(UserError, match=r"\{model\}"):
        check_params(CLASSIFIER, {"lr_policy": "{model}"})


def test_batch_must_divide_among_the_gpus() -> None:
    with pytest.raises(UserError, match=r"multiple of the number of GPUs, 3, .* not 8"):
        check_params(CLASSIFIER, {"batch_size": 8, "cuda_visible_devices": "0,1,2"})
    assert check_params(CLASSIFIER, {"batch_size": 9, "cuda_visible_devices": "0,1,2"})["batch_size"] == 9


@pytest.mark.parametrize(
    ("model", "shape", "remedy"),
    [
        ("AlexNet", [16, 16], "at least 223 x 223 for AlexNet, not 16 x 16"),
        ("AlexNet", [224, 255], "at most 254 x 254 for AlexNet, not 224 x 255"),
        ("HRNet_W18_C", [64, 80], "multiples of 32 for HRNet_W18_C, not 64 x 80"),
        ("ResNet18", [31, 64], "at least 32 x 32 for ResNet18, not 31 x 64"),
    ],
)
def test_a_size_that_the_net_cannot_take_is_refused(model: str, shape: list[int], remedy: str) -> None:
    with pytest.raises(UserError, match=remedy):
        check_params(CLASSIFIER, {"model": model, "image_shape": shape})


@pytest.mark.parametrize("model", ["YOLOv3", "PPYOLOTiny", "PicoDet", "PP-YOLOE_plus-S"])
def test_a_detector_that_halves_its_images_wants_multiples(model: str) -> None:
    with pytest.raises(UserError, match=f"multiples of 32 for {model}, not 608 x 600"):
        check_params("detection", {"model": model, "image_shape": [600, 608]})
    assert check_params("detection", {"model": "FasterRCNN", "image_shape": [600, 1000]})["image_shape"] == [600, 1000]


def test_a_size_that_training_would_refuse_is_refused_by_the_calls(shared_server: Server) -> None:
    pid = shared_server.ok("POST", "/project", name="sizes", project_type=CLASSIFIER)["pid"]
    train = {"model": "AlexNet", "image_shape": [16, 16]}
    assert "223 x 223" in shared_server.refused("POST", "/project/task", pid=pid, train=train)
    tid = shared_server.ok("POST", "/project/task", pid=pid)["tid"]
    assert "223 x 223" in shared_server.refused("POST", "/project/task/params", tid=tid, train=train)


@pytest.mark.parametrize("values", [[], "model", None, 3])
def test_parameters_must_be_an_object(values: Any) -> None:
    with pytest.raises(UserError, match="must be an object"):
        check_params(CLASSIFIER, values)


def test_checked_parameters_are_plain_json() -> None:
    checked = check_params(CLASSIFIER, {"image_shape": ["32", 32]})
    assert json.loads(json.dumps(checked, allow_nan=False)) == checked
