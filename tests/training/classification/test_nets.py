"""Every net of the zoo builds, learns a step's gradient, and refuses sizes that would break it."""

from __future__ import annotations

import subprocess
import sys

import paddle
import pytest

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.params import input_size, models
from paddlex_restful.training.classification import nets

# The others differ from one of these in the number of their blocks, or in their pretrained weights alone.
LEARNING = ("MobileNetV1", "MobileNetV2", "MobileNetV3_large", "ResNet18", "ShuffleNetV2_swish", "PPLCNet")


def test_the_zoo_has_every_name_that_parameters_accept() -> None:
    assert set(models("classification")) == set(nets.ZOO)


@pytest.mark.parametrize("name", list(nets.ZOO))
def test_a_net_gives_a_logit_for_each_class(name: str) -> None:
    side = input_size(name).least
    nets.check_size(name, side, side)
    net = nets.build_net(name, 7)
    net.eval()
    with paddle.no_grad():
        logits = net(paddle.rand([2, 3, side, side]))
    assert logits.shape == [2, 7]
    assert bool(paddle.isfinite(logits).all())


@pytest.mark.parametrize("name", LEARNING)
def test_every_weight_of_a_net_gets_a_gradient(name: str) -> None:
    net = nets.build_net(name, 3)
    logits = net(paddle.rand([2, 3, 48, 32]))
    paddle.nn.functional.cross_entropy(logits, paddle.to_tensor([0, 1])).backward()
    assert [weight.name for weight in net.parameters() if not weight.stop_gradient and weight.grad is None] == []


def test_names_of_weights_do_not_depend_on_other_nets() -> None:
    one, other = nets.build_net("MobileNetV3_small", 3), nets.build_net("MobileNetV3_small", 3)
    assert [weight.name for weight in one.parameters()] == [weight.name for weight in other.parameters()]


@pytest.mark.parametrize(
    ("name", "width", "height", "problem"),
    [
        ("MobileNetV2", 31, 64, "at least 32 x 32 for MobileNetV2, not 31 x 64"),
        ("AlexNet", 200, 224, "at least 223 x 223"),
        ("AlexNet", 224, 255, "at most 254 x 254"),
        ("HRNet_W18_C", 64, 80, "multiples of 32"),
    ],
)
def test_sizes_that_do_not_suit_are_refused(name: str, width: int, height: int, problem: str) -> None:
    with pytest.raises(JobFailed, match=problem):
        nets.check_size(name, width, height)


@pytest.mark.parametrize(("name", "sides"), [("AlexNet", (223, 254)), ("HRNet_W18_C", (64,))])
def test_the_bounds_of_the_particular_nets_are_taken(name: str, sides: tuple[int, ...]) -> None:
    net = nets.build_net(name, 2)
    net.eval()
    for side in sides:
        nets.check_size(name, side, side)
        with paddle.no_grad():
            assert net(paddle.rand([1, 3, side, side])).shape == [1, 2]


def test_an_unknown_net_is_refused_with_the_known_ones() -> None:
    with pytest.raises(JobFailed, match=r"model Net is not known; choose one of MobileNetV1"):
        nets.build_net("Net", 2)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("MobileNetV3_small", "legendary_models/MobileNetV3_small_x1_0_pretrained.pdparams"),
        ("MobileNetV3_small_ssld", "legendary_models/MobileNetV3_small_x1_0_ssld_pretrained.pdparams"),
        ("ResNet50_vd_ssld", "legendary_models/ResNet50_vd_ssld_pretrained.pdparams"),
        ("DarkNet53", "dygraph/DarkNet53_pretrained.pdparams"),
    ],
)
def test_pretrained_weights_have_an_address(name: str, file: str) -> None:
    assert nets.weights_url(name).endswith(file)


def test_every_net_has_an_address_of_weights() -> None:
    assert all(nets.weights_url(name).startswith("https://") for name in nets.ZOO)


def test_building_a_net_does_not_import_the_suites_heavy_parts() -> None:
    program = (
        "import sys; from paddlex_restful.training.classification import nets; nets.build_net('ResNet18', 2);"
        "print([name for name in ('faiss', 'sklearn', 'matplotlib.pyplot') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
