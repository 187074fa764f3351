"""Every net that parameters can name builds, answers for each pixel and learns."""

from __future__ import annotations

import paddle
import pytest

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.params import default_params, models
from paddlex_restful.params.defaults import BACKBONES
from paddlex_restful.training.segmentation import nets

CLASSES = 3
VARIANTS = [
    (model, backbone)
    for model in nets.MODELS
    # The two names of the DeepLab are one table; its backbones are looked at once.
    if model not in ("DeepLabv3+", "U-Net")
    for backbone in (BACKBONES[model] if model == "DeepLabV3P" else [None])
]


def test_the_nets_are_those_that_parameters_accept() -> None:
    assert set(nets.MODELS) == set(models("segmentation"))


@pytest.mark.parametrize(("model", "backbone"), VARIANTS)
def test_a_net_gives_a_logit_for_each_class_and_pixel_and_every_weight_gets_a_gradient(
    model: str, backbone: str | None
) -> None:
    net = nets.build_net(model, backbone, CLASSES)
    # Both sides odd, and different: no net wants multiples of its strides.
    heads = net(paddle.rand([2, 3, 33, 47]))
    assert [head.shape for head in heads] == [[2, CLASSES, 33, 47]] * len(heads)
    assert len(heads) == len(nets.architecture(model, backbone).head_weights)
    paddle.add_n([head.square().mean() for head in heads]).backward()
    assert [weight.name for weight in net.parameters() if not weight.stop_gradient and weight.grad is None] == []
    net.eval()
    with paddle.no_grad():
        logits = net(paddle.rand([1, 3, 32, 48]))[0]
    assert logits.shape == [1, CLASSES, 32, 48]
    assert bool(paddle.isfinite(logits).all())


def test_names_of_weights_do_not_depend_on_other_nets() -> None:
    one, other = (nets.build_net("FastSCNN", None, CLASSES) for _ in range(2))
    assert [weight.name for weight in one.parameters()] == [weight.name for weight in other.parameters()]


def test_a_net_that_is_not_known_is_refused() -> None:
    with pytest.raises(JobFailed, match=r"model SegNet is not known; choose one of DeepLabv3\+, "):
        nets.build_net("SegNet", None, CLASSES)
    with pytest.raises(JobFailed, match="backbone VGG is not known for DeepLabV3P; choose one of ResNet50_vd, "):
        nets.build_net("DeepLabV3P", "VGG", CLASSES)


@pytest.mark.parametrize(
    ("model", "backbone", "source", "expected"),
    [
        ("PP-LiteSeg-T", None, "IMAGENET", "/PP-LiteSeg-T_backbone_imagenet_pretrained.pdparams"),
        ("DeepLabv3+", "Xception65", "IMAGENET", "/Xception65_deeplab_pretrained.pdparams"),
        ("DeepLabV3P", "ResNet50_vd", "CITYSCAPES", "/deeplabv3p_resnet50_os8_cityscapes_1024x512_80k/model.pdparams"),
        # The default parameters of the original name weights that this net never had.
        ("UNet", None, "COCO", "/unet_cityscapes_1024x512_160k/model.pdparams"),
    ],
)
def test_published_weights_have_addresses(model: str, backbone: str | None, source: str, expected: str) -> None:
    address = nets.published_weights(model, backbone, source)
    assert address is not None
    assert address.endswith(expected)


@pytest.mark.parametrize("model", nets.MODELS)
def test_the_weights_that_a_model_names_by_default_are_published(model: str) -> None:
    params = default_params("segmentation", model)
    if params.get("pretrain_weights"):
        assert nets.published_weights(model, params.get("backbone"), params["pretrain_weights"])
