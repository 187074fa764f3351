"""Which channels are removed together, with the nets of all families."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddlex_restful.training.complexity import layer_flops
from paddlex_restful.training.pruning.channels import find_channels
from paddlex_restful.training.pruning.shapes import give_shapes
from tests.training.pruning.nets import build, outputs, pruner

NETS = [
    ("classification", "MobileNetV3_small", None, 32),
    ("classification", "DenseNet121", None, 32),
    ("classification", "ShuffleNetV2", None, 32),
    ("classification", "AlexNet", None, 224),
    ("segmentation", "HRNet_W18", None, 64),
    ("segmentation", "BiSeNetV2", None, 64),
    ("segmentation", "PP-LiteSeg-T", None, 64),
    ("segmentation", "FastSCNN", None, 64),
    ("segmentation", "DeepLabV3P", "ResNet50_vd", 64),
    ("detection", "YOLOv3", "MobileNetV1", 64),
    ("detection", "PPYOLO", "ResNet50_vd_dcn", 96),
    ("detection", "PicoDet", "ESNet_m", 64),
    ("detection", "PP-YOLOE_plus-S", None, 64),
]


@pytest.mark.parametrize(("project_type", "model", "backbone", "side"), NETS)
def test_a_net_without_half_of_its_channels_computes_what_was_foreseen(
    project_type: str, model: str, backbone: str | None, side: int
) -> None:
    net = build(project_type, model, backbone, side)
    image = paddle.rand([1, 3, side, side])
    cut = pruner(project_type, net, side)
    counts = cut.count({group.name: 0.5 for group in cut.groups})
    foreseen = cut.remaining_flops(counts)
    cut.apply(counts)
    says = outputs(project_type, net)
    assert sum(layer_flops(net, lambda: says(image)).values()) == pytest.approx(foreseen, rel=1e-9)
    assert foreseen < 0.6 * cut.flops

    fresh = build(project_type, model, backbone, side)
    give_shapes(fresh, cut.shapes())
    assert [weight.shape for weight in fresh.parameters()] == [weight.shape for weight in net.parameters()]
    if project_type != "detection":
        net.train()
        said = net(paddle.rand([2, 3, side, side]))
        paddle.add_n([each.mean() for each in (said if isinstance(said, list) else [said])]).backward()
        assert all(weight.grad.shape == weight.shape for weight in net.parameters() if weight.grad is not None)


@pytest.mark.parametrize(
    ("project_type", "model", "backbone"),
    [("classification", "ResNet18", None), ("classification", "MobileNetV1", None), ("segmentation", "UNet", None)],
)
def test_channels_that_give_zero_can_go_without_a_difference(
    project_type: str, model: str, backbone: str | None
) -> None:
    side = 32
    net = build(project_type, model, backbone, side)
    whole = {name: weight.numpy() for name, weight in net.named_parameters()}
    cut = pruner(project_type, net, side)
    channels = find_channels(net, outputs(project_type, net), side, side)
    counts = cut.count({group.name: 0.4 for group in cut.groups})
    gone = cut.removed(counts)
    for (name, axis), ids in channels.places.items():
        # What makes a channel: its filters, and its scale and shift. With these at zero it is zero wherever it goes.
        if axis == 0 and not name.endswith(("._mean", "._variance")):
            whole[name][np.isin(ids, gone)] = 0
    for name, weight in net.named_parameters():
        weight.set_value(whole[name])
    net.eval()
    image = paddle.rand([2, 3, side, side])
    before = _first(net(image))
    cut.apply(counts)
    np.testing.assert_allclose(_first(net(image)), before, atol=1e-4)
    assert cut.shapes()


def test_a_net_is_whole_again_afterwards() -> None:
    net = build("classification", "MobileNetV2", None, 32)
    before = {name: weight.numpy() for name, weight in net.named_parameters()}
    groups = {layer: layer._groups for layer in net.sublayers() if isinstance(layer, paddle.nn.Conv2D)}
    cut = pruner("classification", net, 32)
    cut.apply(cut.count({group.name: 0.7 for group in cut.groups}))
    cut.restore()
    assert cut.shapes() == {}
    assert all((before[name] == weight.numpy()).all() for name, weight in net.named_parameters())
    assert all(layer._groups == number for layer, number in groups.items())


def test_filters_with_the_smallest_norms_go_first() -> None:
    net = build("classification", "AlexNet", None, 224)
    cut = pruner("classification", net, 224)
    [weight] = [weight for name, weight in net.named_parameters() if name == cut.groups[0].name]
    norms = np.abs(weight.numpy()).sum(axis=(1, 2, 3))
    cut.apply({cut.groups[0].name: 10})
    left = np.abs(weight.numpy()).sum(axis=(1, 2, 3))
    assert sorted(left) == sorted(norms)[10:]


def test_a_transformer_has_nothing_to_prune() -> None:
    net = build("segmentation", "SegFormer-B0", None, 64)
    assert not find_channels(net, outputs("segmentation", net), 64, 64).groups


@pytest.mark.parametrize(
    "shapes", [{"nothing.weight": [1]}, {"fc.weight": [0, 3]}, {"fc.weight": [513, 3]}, {"fc.weight": [3]}]
)
def test_shapes_that_a_net_cannot_have_are_refused(shapes: dict[str, list[int]]) -> None:
    with pytest.raises(ValueError, match="cannot have the shape"):
        give_shapes(build("classification", "ResNet18", None, 32), shapes)


def _first(said: paddle.Tensor | list[paddle.Tensor]) -> np.ndarray:
    found: np.ndarray = (said[0] if isinstance(said, list) else said).numpy()
    return found
