"""Every detector that a task can name builds, and one of each kind learns, answers and is exported as it answers."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.inference
import pytest
from numpy.typing import NDArray

from paddlex_restful.imaging.example import Example
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.params import default_params, models
from paddlex_restful.params.defaults import BACKBONES
from paddlex_restful.training import inference_model
from paddlex_restful.training.detection import nets
from paddlex_restful.training.detection.nets import batch, masks, yolo, yolo_targets
from paddlex_restful.training.detection.nets.exported import Exported, pasted, specs
from paddlex_restful.training.detection.nets.rcnn_targets import AnchorTargets, MaskTargets, RoiTargets

CLASSES = 3
PARTS = {"backbone", "neck", "yolo_head", "head", "rpn_head", "bbox_head", "mask_head"}
EPOCHS = 8
ORIGINAL = (100, 130)

# The others of each model differ from one of these in the number of their blocks or channels.
KINDS = [
    ("YOLOv3", "MobileNetV1", True),
    ("PPYOLO", "ResNet18_vd", True),
    ("PPYOLO", "MobileNetV3_small", True),
    ("PPYOLOTiny", "MobileNetV3", True),
    ("PPYOLOv2", "ResNet50_vd_dcn", True),
    ("PicoDet", "ESNet_s", True),
    ("PP-YOLOE_plus-S", "CSPResNet", True),
    ("FasterRCNN", "ResNet18", True),
    ("MaskRCNN", "ResNet18", True),
    ("MaskRCNN", "ResNet18", False),
]
NAMES = [
    (model, backbone, with_fpn)
    for kind in ("detection", "instance_segmentation")
    for model in models(kind)
    for backbone in BACKBONES[model]
    for with_fpn in ((True, False) if model.endswith("RCNN") and backbone in ("ResNet18", "ResNet50") else (True,))
    if not backbone.endswith("_ssld") or backbone.removesuffix("_ssld") not in BACKBONES[model]
]
"""Those named after weights (``_ssld``) are built as those without are."""


def build(model: str, backbone: str, with_fpn: bool = True, **params: Any) -> nets.DetectionNet:
    """A net for images of 64 x 64; an RCNN one looks at few proposals, for speed."""
    kind = "instance_segmentation" if model == "MaskRCNN" else "detection"
    values = default_params(kind, model) | {
        "with_fpn": with_fpn,
        "pretrain_weights": None,
        "image_shape": [64, 64],
        "num_epochs": EPOCHS,
    }
    paddle.seed(0)
    net = nets.build(model, backbone, CLASSES, values | params, project_type=kind)
    if net.family == "rcnn":
        net.bbox_head.bbox_assigner = RoiTargets(CLASSES, 8)
        net.rpn_head.test_proposal.post_nms_top_n = 30
    return net


def example(*boxes: tuple[float, ...], crowd: bool = False) -> Example:
    """An image of 64 x 64 with objects of the classes 0, 1, 2, 0, …"""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    outlines = [[np.array([[x, y], [right, y], [right, down], [x, down]], np.float32)] for x, y, right, down in corners]
    classes = np.arange(len(corners)) % CLASSES
    return Example(pixels, corners, classes, np.full(len(corners), crowd), outlines)


OBJECTS = example((4, 6, 30, 28), (20, 30, 60, 62))
NOTHING = (example(), example((4, 6, 30, 28), crowd=True), example((4, 6, 4, 28)))
MIXED = Example(OBJECTS.image, OBJECTS.boxes, OBJECTS.classes, np.array([True, False]), OBJECTS.polygons)


def loss(net: nets.DetectionNet, *examples: Example, epoch: int = 1) -> dict[str, paddle.Tensor]:
    return net.loss(batch.tensors(batch.collate(examples, net.meta, epoch)))


def surer(net: nets.DetectionNet) -> nets.DetectionNet:
    """The net in evaluation mode, with weights at its ends by which it finds many things."""
    net.eval()
    for name, weight in net.named_parameters():
        if any(part in name for part in ("pred_cls", "pred_reg", "head_cls", "head_reg", "bbox_score", "yolo_output")):
            weight.set_value(paddle.randn(weight.shape) * 0.1)
    return net


def images(net: nets.DetectionNet, number: int = 2) -> dict[str, NDArray[np.float32]]:
    return batch.collate_images([OBJECTS.image] * number, [ORIGINAL] * number, net.meta)


@pytest.mark.parametrize(("model", "backbone", "with_fpn"), KINDS)
def test_a_net_learns(model: str, backbone: str, with_fpn: bool) -> None:
    net = build(model, backbone, with_fpn)
    optimizer = nets.optimizer(net, {"learning_rate": 0.001})
    net.train()
    # ppdet makes these of PicoDet's and uses them in another head.
    trained = [
        weight for name, weight in net.named_parameters() if not weight.stop_gradient and not name.endswith("scale_reg")
    ]
    before = [weight.numpy() for weight in trained]
    for epoch in (1, EPOCHS):
        parts = loss(net, OBJECTS, MIXED, epoch=epoch)
        assert parts["loss"].shape == []
        assert all(bool(paddle.isfinite(part)) for part in parts.values())
        parts["loss"].backward()
        assert [weight.name for weight in trained if weight.grad is None] == []
        assert all(bool(paddle.isfinite(weight.grad).all()) for weight in trained)
        optimizer.step()
        optimizer.clear_grad()
    moved = [not np.array_equal(old, new.numpy()) for old, new in zip(before, trained, strict=True)]
    assert sum(moved) > 0.8 * len(moved)
    assert all(bool(paddle.isfinite(weight).all()) for weight in trained)


@pytest.mark.parametrize(("model", "backbone", "with_fpn"), KINDS)
def test_a_batch_without_objects_can_be_learnt_from(model: str, backbone: str, with_fpn: bool) -> None:
    net = build(model, backbone, with_fpn)
    net.train()
    for epoch, nothing in itertools.product((1, EPOCHS), NOTHING):
        parts = loss(net, nothing, nothing, epoch=epoch)
        parts["loss"].backward()
        assert all(bool(paddle.isfinite(part)) for part in parts.values())
        gradients = [weight.grad for weight in net.parameters() if weight.grad is not None]
        assert gradients
        assert all(bool(paddle.isfinite(gradient).all()) for gradient in gradients)
        net.clear_gradients()


@pytest.mark.parametrize(("model", "backbone", "with_fpn"), KINDS)
def test_an_export_answers_as_the_net(model: str, backbone: str, with_fpn: bool, tmp_path: Path) -> None:
    net = surer(build(model, backbone, with_fpn))
    inputs = images(net, 1 if net.sizes_vary else 2)
    found = net.detect(batch.tensors(inputs))
    assert len(found) == len(inputs["image"])
    for each in found:
        assert len(each.boxes) == len(each.classes) == len(each.scores) > 0
        assert set(each.classes.tolist()) <= set(range(CLASSES))
        assert ((each.scores > 0) & (each.scores <= 1)).all()
        assert (each.boxes >= 0).all()
        assert (each.boxes <= np.float32([ORIGINAL[1], ORIGINAL[0]] * 2) + 1e-3).all()

    layer = paddle.jit.to_static(Exported(net), input_spec=specs(net, 64, 64), full_graph=True)
    paddle.jit.save(layer, str(tmp_path / "inference"))
    config = paddle.inference.Config(str(tmp_path / "inference.json"), str(tmp_path / "inference.pdiparams"))
    config.disable_glog_info()
    config.disable_mkldnn()
    predictor = paddle.inference.create_predictor(config)
    names = predictor.get_input_names()
    assert names == (["im_shape", "image", "scale_factor"] if net.takes_im_shape else ["image", "scale_factor"])
    for name in names:
        predictor.get_input_handle(name).copy_from_cpu(inputs[name])
    predictor.run()
    rows, counts, *whole = [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]
    real = rows[:, 1] > 0
    assert counts.tolist() == [len(each.boxes) + (~real).sum() for each in found]
    expected = np.concatenate([np.column_stack([each.classes, each.scores, each.boxes]) for each in found])
    # Near equal ones may change places.
    np.testing.assert_allclose(np.sort(rows[real], axis=0), np.sort(expected, axis=0), atol=1e-3, rtol=1e-3)
    assert len(whole) == net.meta.masks
    for exported in whole:
        own = np.stack(list(masks.paste(found[0].masks, found[0].boxes, ORIGINAL)))
        assert exported[real].shape == own.shape == (len(expected), *ORIGINAL)
        assert (exported[real] != own).mean() < 1e-3


@pytest.mark.parametrize("model", ["FasterRCNN", "MaskRCNN"])
def test_an_export_that_finds_nothing_answers_so(model: str, tmp_path: Path) -> None:
    net = build(model, "ResNet18")
    net.eval()
    # Sure of the background, the last of the classes.
    net.bbox_head.bbox_score.bias.set_value(paddle.to_tensor([-50.0] * CLASSES + [50.0]))
    inference_model.save(Exported(net), specs(net, 64, 64), tmp_path)
    inputs = images(net, 1)
    assert [len(each.boxes) for each in net.detect(batch.tensors(inputs))] == [0]
    assert (inference_model.run(tmp_path, inputs)[0][:, 1] == 0).all()


@pytest.mark.parametrize(("model", "backbone", "with_fpn"), NAMES)
def test_every_net_that_can_be_named_builds_and_sees(model: str, backbone: str, with_fpn: bool) -> None:
    net = build(model, backbone, with_fpn)
    net.eval()
    image = paddle.zeros([1, 3, 64, 64])
    with paddle.no_grad():
        features = net.backbone({"image": image})
        features = features if net.neck is None else net.neck(features)
    assert all(bool(paddle.isfinite(feature).all()) for feature in features)
    assert {name.partition(".")[0] for name in net.state_dict()} <= PARTS


def test_a_second_net_in_one_process_is_as_the_first() -> None:
    one, other = build("PicoDet", "LCNet"), build("PicoDet", "LCNet")
    assert [weight.name for weight in one.parameters()] == [weight.name for weight in other.parameters()]
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_pretrained_backbones_keep_their_normalisations_and_fresh_ones_learn_them() -> None:
    def learns(**params: Any) -> set[str]:
        net = build("FasterRCNN", "ResNet18", False, **params)
        return {name for name, weight in net.named_parameters() if not weight.stop_gradient}

    start, last = "backbone.conv1.conv1.norm.weight", "bbox_head.head.res5.res5a.branch2a.norm.weight"
    assert {start, last} <= learns(pretrain_weights=None)
    assert not {start, last} & learns(pretrain_weights="IMAGENET")


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(JobFailed, match=r"model Net is not known; choose one of YOLOv3, PPYOLO"):
        nets.build("Net", "ResNet18", 2, default_params("detection"), project_type="detection")


def test_importing_the_nets_does_not_import_the_suites_heavy_parts() -> None:
    program = (
        "import sys, paddle; before = set(sys.modules);"
        "from paddlex_restful.params import default_params;"
        "from paddlex_restful.training.detection import nets;"
        "[nets.build(model, backbone, 2, default_params('detection', model), project_type='detection')"
        " for model, backbone in (('PicoDet', 'ESNet_s'), ('FasterRCNN', 'ResNet18'))];"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}"
        " & {'scipy', 'pandas', 'sklearn', 'matplotlib'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_the_yolo_heads_are_told_is_what_they_say_when_they_find_it() -> None:
    net = build("YOLOv3", "MobileNetV1")
    labels = yolo_targets.labels([OBJECTS], net.meta)
    anchors = net.meta.anchors
    assert anchors is not None
    outputs = []
    for level in range(3):
        target = labels[f"target{level}"][0]
        middle = np.log(target[:, :2].clip(1e-4, 1) / (1 - target[:, :2]).clip(1e-4, 1))
        sure = np.where(target[:, 5:] > 0, 12, -12)
        said = np.concatenate([middle, target[:, 2:4], sure], axis=1).astype(np.float32)
        outputs.append(paddle.to_tensor(said.reshape(1, -1, *said.shape[2:])))
    net.eval()
    net.yolo_head.forward = lambda features: outputs
    found = net.detect(batch.tensors(images(net, 1)))[0]
    scale = np.array([ORIGINAL[1] / 64, ORIGINAL[0] / 64] * 2)
    order = np.argsort(found.classes)
    assert found.classes[order].tolist() == OBJECTS.classes.tolist()
    np.testing.assert_allclose(found.boxes[order], OBJECTS.boxes * scale, atol=0.05)
    assert (found.scores > 0.99).all()


def test_crowds_and_weights_reach_the_yolo_heads() -> None:
    net = build("YOLOv3", "MobileNetV1")
    light = Example(OBJECTS.image, OBJECTS.boxes, OBJECTS.classes, OBJECTS.crowd, weights=np.float32([0.3, 0.7]))
    weights = [labels[:, :, 5] for name, labels in yolo_targets.labels([light], net.meta).items() if name != "gt_bbox"]
    assert sorted(np.concatenate([each[each > 0] for each in weights]).tolist()) == pytest.approx([0.3, 0.7])
    crowded = yolo_targets.labels([MIXED], net.meta)
    assert (crowded["gt_bbox"] > 0).all(axis=2).sum() == 2
    assert sum(int((crowded[f"target{level}"][:, :, 5] > 0).sum()) for level in range(3)) == 1


@pytest.mark.parametrize(
    ("side", "largest"), [(608, (373, 326)), (416, (373, 326)), (320, (373, 326)), (64, (75, 65)), (1216, (746, 652))]
)
def test_anchors_suit_the_size_of_the_input(side: int, largest: tuple[int, int]) -> None:
    anchors = yolo.anchors_for(((10, 13), (62, 45), (373, 326)), (320, 608), [side, 2 * side])
    assert anchors.sizes[-1] == largest


BOXES = np.array([[0, 0, 20, 20], [0, 0, 10, 10], [40, 40, 60, 60], [0, 40, 20, 60]], np.float32)


def targets(objects: list[int], crowds: list[int]) -> dict[str, Any]:
    square = np.array([[0, 0], [10, 0], [10, 20], [0, 20]], np.float32)
    return {
        "gt_bbox": [BOXES[objects]],
        "gt_class": [np.full(len(objects), 1)],
        "crowd_bbox": [BOXES[crowds]],
        "gt_poly": [[[square]] * len(objects)],
    }


def test_anchors_on_objects_off_objects_and_in_crowds() -> None:
    labels, _boxes, deltas, divisor = AnchorTargets(8)(targets([0], [2]), paddle.to_tensor(BOXES))
    assert labels[0].tolist() == [1, 0, -1, 0]
    assert deltas[0][0].tolist() == [0, 0, 0, 0]
    assert divisor == 8


def test_anchors_are_sampled() -> None:
    many = np.repeat(BOXES[[0, 3]], 50, axis=0)
    labels = AnchorTargets(10)(targets([0], []), paddle.to_tensor(many))[0][0].numpy()
    assert ((labels == 1).sum(), (labels == 0).sum()) == (5, 5)


def test_proposals_get_the_classes_of_their_objects() -> None:
    rois, counts, (classes, goals, _indices) = RoiTargets(CLASSES, 8)(
        [paddle.to_tensor(BOXES)], paddle.to_tensor([4]), targets([0], [2])
    )
    assert counts.tolist() == [4]
    said = {(tuple(box), of_class) for box, of_class in zip(rois[0].tolist(), classes[0].tolist(), strict=True)}
    assert said == {((0, 0, 20, 20), 1), ((0, 0, 10, 10), CLASSES), ((0, 40, 20, 60), CLASSES)}
    assert goals[0].shape == [4, 4]


def test_outlines_are_drawn_into_the_boxes_of_proposals() -> None:
    rois, counts, classes, drawn, places, weights = MaskTargets(CLASSES, 4)(
        [paddle.to_tensor(BOXES[[1, 0]])],
        [paddle.to_tensor([CLASSES, 1])],
        [paddle.to_tensor([0, 0])],
        targets([0], []),
    )
    assert (rois[0].tolist(), counts.tolist(), classes.tolist()) == ([BOXES[0].tolist()], [1], [1])
    assert (places.tolist(), weights.tolist()) == ([1], [1])
    assert drawn.tolist() == [[[1, 1, 0, 0]] * 4]


def test_masks_lie_where_their_boxes_are() -> None:
    sure = np.zeros((2, 4, 4), np.float32)
    sure[:, :, 2:] = 1
    boxes = np.array([[2, 1, 10, 5], [-4, 2, 4, 30]], np.float32)
    whole = list(masks.paste(sure, boxes, (8, 12)))
    expected = np.zeros((2, 8, 12), np.uint8)
    expected[0, 1:5, 6:10] = 1
    expected[1, 2:, :4] = 1
    expected[1, 2, [0, 3]] = 0  # between the corner of what is sure and nothing
    assert np.array_equal(whole, expected)
    as_operators = pasted(paddle.to_tensor(sure), paddle.to_tensor(boxes), paddle.to_tensor(8), paddle.to_tensor(12))
    assert np.array_equal(as_operators.numpy(), expected)


@pytest.mark.parametrize(
    ("model", "backbone", "source", "with_fpn", "file"),
    [
        ("YOLOv3", "DarkNet53", "IMAGENET", True, "models/pretrained/DarkNet53_pretrained.pdparams"),
        ("PPYOLOTiny", "ResNet50_vd_ssld", "IMAGENET", True, "pretrained/MobileNetV3_large_x0_5_pretrained.pdparams"),
        ("PPYOLOTiny", "ResNet50_vd_ssld", "COCO", True, "models/ppyolo_tiny_650e_coco.pdparams"),
        ("FasterRCNN", "ResNet50_vd_ssld", "IMAGENET", True, "ResNet50_vd_ssld_v2_pretrained.pdparams"),
        ("FasterRCNN", "ResNet50", "COCO", False, "models/faster_rcnn_r50_1x_coco.pdparams"),
        ("MaskRCNN", "ResNet50", "COCO", True, "models/mask_rcnn_r50_fpn_2x_coco.pdparams"),
        ("PP-YOLOE_plus-L", "CSPResNet", "COCO", True, "models/ppyoloe_plus_crn_l_80e_coco.pdparams"),
        ("PP-YOLOE_plus-X", "CSPResNet", "IMAGENET", True, "models/pretrained/CSPResNetb_x_pretrained.pdparams"),
        ("PicoDet", "LCNet", "IMAGENET", True, "PPLCNet_x1_5_pretrained.pdparams"),
    ],
)
def test_addresses_of_published_weights(model: str, backbone: str, source: str, with_fpn: bool, file: str) -> None:
    url = nets.weights_url(model, backbone, source, with_fpn=with_fpn)
    assert url is not None
    assert url.startswith("https://")
    assert url.endswith(file)


@pytest.mark.parametrize(
    ("model", "backbone", "source"),
    [("PicoDet", "ESNet_s", "IMAGENET"), ("YOLOv3", "ResNet50", "COCO"), ("YOLOv3", "DarkNet53", "CITYSCAPES")],
)
def test_weights_that_nobody_published_have_no_address(model: str, backbone: str, source: str) -> None:
    assert nets.weights_url(model, backbone, source) is None
