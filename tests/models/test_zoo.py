"""The table of models is that of the models that there are."""

from __future__ import annotations

import pytest

from paddlex_restful.params import default_params, models
from paddlex_restful.params.defaults import BACKBONES
from paddlex_restful.params.zoo import read_zoo
from paddlex_restful.training import measure

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")
CHEAP = [
    ("classification", "MobileNetV3_small"),
    ("classification", "AlexNet"),
    ("segmentation", "PP-LiteSeg-T"),
    ("segmentation", "SegFormer-B0"),
    ("detection", "PPYOLOTiny"),
    ("detection", "PP-YOLOE_plus-S"),
]


def test_it_has_every_model_on_every_backbone_that_parameters_accept_and_no_other() -> None:
    told = [(each["type"], each["model"], variant["backbone"]) for each in read_zoo() for variant in each["variants"]]
    assert len(told) == len(set(told))
    accepted = {
        (kind, model, backbone)
        for kind in TYPES
        for model in models(kind)
        for backbone in (BACKBONES[model] if "backbone" in default_params(kind, model) else (None,))
    }
    assert set(told) == accepted


@pytest.mark.parametrize(("kind", "model"), CHEAP)
def test_its_figures_are_those_of_the_nets(kind: str, model: str) -> None:
    [told] = [each for each in read_zoo() if (each["type"], each["model"]) == (kind, model)]
    assert measure.measure(kind, model) == told


def test_the_readme_shows_it() -> None:
    found = measure.TABLE.search(measure.README.read_text(encoding="utf-8"))
    assert found is not None
    assert found[0] == measure.table(read_zoo()), "run: make zoo"
    shown = found[0].splitlines()
    for model in read_zoo():
        [line] = [
            line for line in shown if line.startswith((f"| {model['model']} |", f"| {model['model']} (default) |"))
        ]
        for variant in model["variants"]:
            assert variant["backbone"] is None or variant["backbone"] in line
            assert all(name in line for name in variant["weights"])


@pytest.mark.parametrize(
    ("model", "millions", "milliards"),
    # The figures that PaddleClas, which the nets come from, tells of them.
    [("ResNet50", 25.56, 4.1), ("MobileNetV1", 4.25, 0.58), ("DenseNet121", 8.06, 2.87), ("AlexNet", 61.1, 0.71)],
)
def test_figures_that_others_published_are_met(model: str, millions: float, milliards: float) -> None:
    [told] = [each for each in read_zoo() if each["model"] == model]
    [variant] = told["variants"]
    assert variant["parameters"] == pytest.approx(millions, rel=0.02)
    assert variant["gflops"] == pytest.approx(milliards, rel=0.03)
