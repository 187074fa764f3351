"""Which nets there are, and which of them to take."""

from __future__ import annotations

import pytest

from paddlex_restful.enums import TRAINABLE_TYPES
from paddlex_restful.params import default_params
from paddlex_restful.params.published import _FIGURES
from paddlex_restful.services import zoo


@pytest.mark.parametrize("project_type", TRAINABLE_TYPES)
def test_the_advice_is_what_it_says(project_type: str) -> None:
    advice = zoo.advice(project_type)
    known = [net for net in zoo.nets(project_type) if net.variant["weights"] and net.known.accuracy]
    assert advice.small.variant["gflops"] == min(net.variant["gflops"] for net in known)
    assert advice.accurate.known.accuracy == max(net.known.accuracy or 0 for net in known)
    costs = [net.variant["gflops"] for net in (advice.small, advice.balanced, advice.accurate)]
    assert costs == sorted(costs)
    # No net is better than the balanced one and computes less.
    for net in known:
        better = (net.known.accuracy or 0) > (advice.balanced.known.accuracy or 0)
        assert not (better and net.variant["gflops"] <= advice.balanced.variant["gflops"])


def test_what_was_published_belongs_to_nets_that_there_are() -> None:
    keys = {
        (net.model, net.variant["backbone"]) for net in (each for type in TRAINABLE_TYPES for each in zoo.nets(type))
    }
    assert _FIGURES.keys() <= keys


def test_parameters_name_their_net() -> None:
    assert zoo.net_key("classification", default_params("classification")) == "MobileNetV2"
    assert zoo.net_key("detection", default_params("detection") | {"backbone": "ResNet34"}) == "YOLOv3/ResNet34"
    assert zoo.net_key("segmentation", default_params("segmentation", "UNet") | {"backbone": "Xception65"}) == "UNet"
