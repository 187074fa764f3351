"""The jobs of detection and instance segmentation, one after another, with a small net of each family."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.datasets import drawing, importing
from paddlex_restful.imaging.image import read_image
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.params import check_params
from paddlex_restful.training import evaluate, export, predict, train
from paddlex_restful.training.detection.detector import Detector
from paddlex_restful.training.detection.export import ExportedDetector
from paddlex_restful.training.inference_model import Predictor
from tests.images import CLASSES, make_dataset, truncate
from tests.training.conftest import metrics_of, progress_of
from tests.training.trained import job

NETS: dict[str, dict[str, Any]] = {
    "yolo": {"model": "YOLOv3", "backbone": "MobileNetV1"},
    "anchor_free": {"model": "PP-YOLOE_plus-S"},
    "rcnn": {"model": "FasterRCNN", "backbone": "ResNet18"},
    "masks": {"model": "MaskRCNN", "backbone": "ResNet18"},
}


def params_of(name: str) -> dict[str, Any]:
    small = {
        "image_shape": [64, 96] if name in ("rcnn", "masks") else [64, 64],
        "batch_size": 3,
        "num_epochs": 2,
        "save_interval_epochs": 1,
        "learning_rate": 0.001,
        "lr_decay_epochs": [1, 2],
        "warmup_steps": 2,
        "random_shape_sizes": [64, 96],
        "pretrain_weights": None,
    }
    return check_params(type_of(name), NETS[name] | small)


def type_of(name: str) -> str:
    return "instance_segmentation" if name == "masks" else "detection"


@functools.cache
def trained(base: Path, name: str) -> JobContext:
    """A training job that is done; tests only add to its workspace."""
    root = base / f"trained {name}"
    root.mkdir()
    type = type_of(name)
    source = make_dataset(base / f"source {name}", type, count=12, size=(96, 64), objects=2, backgrounds=2)
    imported = {"did": "D0001", "type": type, "source": str(source), "target": "datasets/D0001", "link": False}
    importing.run(job(root, "import", **imported))
    datasets.split(root / "datasets/D0001", type, 0.25, 0.2)
    context = job(
        root,
        "train",
        type=type,
        params=params_of(name),
        dataset="datasets/D0001",
        output="output",
        resume_epoch=None,
        weights=None,
    )
    train.run(context)
    return context


@pytest.fixture(scope="module", params=list(NETS))
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> JobContext:
    return trained(tmp_path_factory.getbasetemp(), request.param)


def evaluation(root: Path, type: str) -> dict[str, Any]:
    context = job(
        root,
        "evaluate",
        type=type,
        dataset="datasets/D0001",
        model="output/best_model",
        epoch=None,
        topk=5,
        score_thresh=0.01,
        overlap_thresh=0.5,
        output="evaluate",
    )
    evaluate.run(context)
    result: dict[str, Any] = json.loads((root / "evaluate/result.json").read_bytes())
    return result


def test_a_training_reports_the_parts_of_its_loss_and_saves_what_it_evaluated(done: JobContext) -> None:
    lines = metrics_of(done)
    assert all(np.isfinite(line["loss"]) for line in lines)
    parts = {name for name in lines[0] if name.startswith("loss_")}
    assert len(parts) >= 2
    key = "bbox_mmap" if done.args["type"] == "instance_segmentation" else "bbox_map"
    [last] = [line for line in metrics_of(done, "eval") if line["Epoch"] == 2]
    assert 0 <= last[key] <= 1
    assert progress_of(done)["key"] == key
    output = done.path("output")
    assert {folder.name for folder in output.iterdir()} >= {"best_model", "epoch_1", "epoch_2"}


def test_an_evaluation_gives_the_contracts_result_and_a_record_of_each_image(done: JobContext) -> None:
    result = evaluation(done.root, done.args["type"])
    assert result["label_list"] == [*CLASSES, "back_ground"]
    prefixes = ("BBox_", "Mask_") if done.args["type"] == "instance_segmentation" else ("",)
    for prefix in prefixes:
        assert np.shape(result[f"{prefix}Confusion_Matrix"]) == (4, 4)
        assert set(result[f"{prefix}PRAP"]) == set(CLASSES)
        assert 0 <= result[f"{prefix}mAP"] <= 1
        assert 0 <= result[f"{prefix}COCO_mAP"] <= result[f"{prefix}COCO_mAP50"] <= 1
    assert (result["split"], result["epoch"]) == ("test", None)
    assert result["checkpoint_epoch"] in (1, 2)
    curves = json.loads((done.root / "evaluate/curves.json").read_bytes())
    assert set(curves) == {"boxes"} | ({"masks"} if len(prefixes) == 2 else set())
    for together, *classes in curves.values():
        assert [one["category"] for one in classes] == list(CLASSES)
        assert together["positives"] == sum(one["positives"] for one in classes) > 0
    records = json.loads((done.root / "evaluate/predictions.json").read_bytes())
    samples = datasets.samples(done.path("datasets/D0001"), done.args["type"], "test")
    assert [done.path("datasets/D0001") / record["image"] for record in records] == [one.image for one in samples]
    assert [len(record["truths"]) for record in records] == [len(one.label) for one in samples]  # type: ignore[arg-type]


def test_a_prediction_draws_and_tells_what_it_found(done: JobContext, tmp_path: Path) -> None:
    image = tmp_path / "图.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 120, 4), np.uint8), "RGBA").save(image)
    context = job(
        done.root,
        "predict",
        type=done.args["type"],
        model="output/best_model",
        dataset=None,
        images=[str(image)],
        single=False,
        score_thresh=0.0,
        output="predict",
    )
    predict.run(context)
    [told] = json.loads((done.root / "predict/result.json").read_bytes())
    assert told["size"] == [120, 50]
    scores = [one["score"] for one in told["predictions"]]
    assert scores == sorted(scores, reverse=True)
    for one in told["predictions"]:
        x, y, width, height = one["bbox"]
        assert x >= 0 and y >= 0 and width >= 0 and x + width <= 120.1 and y + height <= 50.1
        assert one["category"] == CLASSES[one["category_id"]]
        assert ("segmentation" in one) == (done.args["type"] == "instance_segmentation")
    with Image.open(done.root / "predict" / told["picture"]) as picture:
        assert picture.size == (120, 50)


def test_a_traced_net_finds_what_the_net_finds(done: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    detector, _ = Detector.load(done.path("output/best_model"))
    assert detector.traceable == (detector.net.family != "rcnn")
    if not detector.traceable:
        return
    height, width = detector.params["image_shape"]
    samples = datasets.samples(done.path("datasets/D0001"), done.args["type"], "train")[:3]
    images = [cv2.resize(read_image(sample.image), (width, height)) for sample in samples]
    sizes = [(60, 90), (height, width), (7, 300)]
    expected = [found.at_least(0.05) for found in detector.detect(images, sizes)]
    detector.trace()
    assert detector._traced is not None
    # Scores of hardly trained nets are alike, so that the order of the unsure ones is anybody's.
    for found, other in zip(detector.detect(images, sizes), expected, strict=True):
        scores = found.at_least(0.05).scores
        assert len(scores) == pytest.approx(len(other.scores), abs=1)
        count = min(len(scores), len(other.scores))
        assert scores[:count] == pytest.approx(other.scores[:count], abs=1e-3)
    one_by_one = [detector.detect([image], [size])[0] for image, size in zip(images, sizes, strict=True)]
    for found, alone in zip(detector.detect(images, sizes), one_by_one, strict=True):
        assert np.sort(found.scores)[-5:] == pytest.approx(np.sort(alone.scores)[-5:], abs=1e-3)
    other, _ = Detector.load(done.path("output/best_model"))
    monkeypatch.setattr("paddlex_restful.training.detection.detector._ALLOWED_DIFFERENCE", -1.0)
    other.trace()
    assert other._traced is None


def test_test_images_are_told_and_drawn_with_their_truth(done: JobContext) -> None:
    kind = done.args["type"]
    context = job(
        done.root,
        "predict",
        type=kind,
        model="output/best_model",
        dataset="datasets/D0001",
        images=None,
        single=False,
        score_thresh=0.3,
        output="predicted test split",
    )
    predict.run(context)
    told = json.loads((context.path("predicted test split") / "result.json").read_bytes())
    samples = datasets.samples(done.path("datasets/D0001"), kind, "test")
    assert len(told) == len(samples) > 0
    for one, sample in zip(told, samples, strict=True):
        assert isinstance(sample.label, list)
        assert [true["category"] for true in one["truth"]] == [CLASSES[true["category"]] for true in sample.label]
        boxes = [[x, y, x + width, y + height] for x, y, width, height in (true["bbox"] for true in one["truth"])]
        assert np.allclose(
            np.reshape(boxes, (-1, 4)), np.reshape([true["bbox"] for true in sample.label], (-1, 4)), atol=0.02
        )
        assert all(("segmentation" in true) == (kind == "instance_segmentation") for true in one["truth"])
        with Image.open(context.path("predicted test split") / one["picture"]) as picture:
            # Pictures of 96 x 64 pixels are enlarged, so that names fit onto them.
            assert picture.width == 2 * 336 + drawing._GAP
            pixels = np.asarray(picture)
        half = pixels[-224:, :336]
        plain = np.asarray(predict.readable(Image.fromarray(read_image(sample.image))))
        assert (np.abs(half.astype(int) - plain).max() > 60) == bool(sample.label)


def test_an_export_answers_as_the_net_and_its_example_runs(done: JobContext, tmp_path: Path) -> None:
    context = job(
        done.root,
        "export",
        type=done.args["type"],
        model="output/best_model",
        save_dir=str(tmp_path / "exported"),
        format="infer",
    )
    result = export.run(context)
    assert result is not None
    assert result["difference"] <= 1e-3
    files = {file.name for file in (tmp_path / "exported").iterdir()}
    expected = {"inference.json", "inference.pdiparams", "inference.yml", "model.yml", "example.py", "export.json"}
    assert files == expected
    [image, *_] = datasets.samples(done.path("datasets/D0001"), done.args["type"], "test")
    example = [sys.executable, str(tmp_path / "exported/example.py"), str(image.image)]
    ran = subprocess.run(example, cwd=tmp_path, capture_output=True, text=True, timeout=400)
    assert ran.returncode == 0, ran.stderr


def test_an_export_of_another_net_is_noticed(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    # This one finds something also after so little training.
    done = trained(tmp_path_factory.getbasetemp(), "yolo")
    model = ExportedDetector(done.path("output/best_model"))
    model.save(tmp_path)
    exported = Predictor(tmp_path)
    assert model.difference_from_net(exported) < 1e-3
    for weight in model.net.yolo_head.parameters():
        weight.set_value(weight * 1.2)
    assert model.difference_from_net(exported) > 1e-3


def test_a_resumed_training_equals_an_unbroken_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    done = trained(tmp_path_factory.getbasetemp(), "anchor_free")
    before = metrics_of(done)
    context = job(done.root, "train", **(done.args | {"resume_epoch": 1}))
    train.run(context)
    assert metrics_of(context) == before


def test_an_image_that_cannot_be_read_names_itself(tmp_path: Path) -> None:
    done = trained(tmp_path.parent, "yolo")
    broken = datasets.samples(done.path("datasets/D0001"), "detection", "train")[0].image
    whole = broken.read_bytes()
    truncate(broken)
    try:
        with pytest.raises(JobFailed, match=broken.name):
            train.run(job(done.root, "train", **(done.args | {"output": "other"})))
    finally:
        broken.write_bytes(whole)
