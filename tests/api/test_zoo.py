"""The table of models, and the parameters of each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.params import models
from tests.conftest import Server

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")
RECORDED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "params/recorded.json").read_text(encoding="utf-8"))


def test_the_table_has_the_models_of_a_type_or_of_all(shared_server: Server) -> None:
    everything = shared_server.ok("GET", "/models/zoo")["models"]
    by_type = [shared_server.ok("GET", "/models/zoo", type=kind)["models"] for kind in TYPES]
    assert everything == [model for models in by_type for model in models]
    for kind, of_type in zip(TYPES, by_type, strict=True):
        assert {model["model"] for model in of_type} == set(models(kind))
        assert [model["default"] for model in of_type] == [True] + [False] * (len(of_type) - 1)


def test_a_model_tells_its_figures_on_each_backbone(shared_server: Server) -> None:
    zoo = {model["model"]: model for model in shared_server.ok("GET", "/models/zoo")["models"]}
    [alone] = zoo["ResNet50"]["variants"]
    assert zoo["ResNet50"]["image_shape"] == [224, 224]
    assert (alone["backbone"], alone["default"], alone["weights"]) == (None, True, ["IMAGENET"])
    # He et al., "Deep Residual Learning for Image Recognition", 2015: 3.8e9, without the stride in the 3 x 3.
    assert (alone["parameters"], alone["gflops"]) == (25.56, pytest.approx(4.1, abs=0.05))
    yolo = {variant["backbone"]: variant for variant in zoo["YOLOv3"]["variants"]}
    assert [name for name, variant in yolo.items() if variant["default"]] == ["DarkNet53"]
    assert yolo["MobileNetV1"]["parameters"] < yolo["DarkNet53"]["parameters"]
    assert yolo["DarkNet53"]["weights"] == ["IMAGENET", "COCO"]


def test_a_type_that_is_none_is_refused(shared_server: Server) -> None:
    assert "type 'cooking' is not known" in shared_server.refused("GET", "/models/zoo", type="cooking")
    assert "not available" in shared_server.refused("GET", "/models/zoo", type="remote_segmentation")


@pytest.mark.parametrize("kind", TYPES)
def test_a_project_answers_the_parameters_of_its_default_model_and_of_every_other(
    shared_server: Server, kind: str
) -> None:
    pid = shared_server.ok("POST", "/project", name=kind, project_type=kind)["pid"]
    default = shared_server.ok("GET", "/project/task/params", pid=pid)["train"]
    assert default == RECORDED[kind]["default"]
    for model in shared_server.ok("GET", "/models/zoo", type=kind)["models"]:
        params = shared_server.ok("GET", "/project/task/params", pid=pid, model_type=model["model"])["train"]
        assert params["model"] == model["model"]
        assert params["image_shape"] == model["image_shape"]
        [variant] = [variant for variant in model["variants"] if variant["default"]]
        assert params.get("backbone") == variant["backbone"]
