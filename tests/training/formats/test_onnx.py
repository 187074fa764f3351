"""ONNX exports of real trained nets: they answer as paddle does, their examples run, and what cannot be is refused."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import paddle
import pytest

from paddlex_restful import datasets
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from paddlex_restful.params import check_params, exports
from paddlex_restful.training import checkpoint, export
from paddlex_restful.training.classification.prediction import Classifier
from paddlex_restful.training.detection.export import ExportedDetector
from paddlex_restful.training.detection.nets import build
from paddlex_restful.training.formats import children, onnx
from paddlex_restful.training.formats.model import Answer, Inputs, Model
from paddlex_restful.training.segmentation.export import ExportedSegmenter
from paddlex_restful.training.segmentation.nets import build_net
from tests.training.detection import test_jobs as detection
from tests.training.trained import job, trained_workspace

FILES = {"inference.onnx", "inference.yml", "model.yml", "example.py", "export.json"}


def exporting(root: Path, target: Path, type: str = "classification", **changed: Any) -> JobContext:
    args = {"type": type, "model": "output/best_model", "dataset": "datasets/D0001", "format": "onnx", "opset": 13}
    return job(root, "export", save_dir=str(target), **(args | changed))


def example_of(folder: Path, image: Path, home: Path, python: str = sys.executable) -> str:
    command = [python, str(folder / "example.py"), str(image)]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_workspace(tmp_path_factory.getbasetemp())


def test_a_classifier_answers_as_paddle_does(workspace: Path, tmp_path: Path) -> None:
    context = exporting(workspace, tmp_path / "导出", opset=15)
    result = export.run(context)
    assert result is not None
    assert {file.name for file in (tmp_path / "导出").iterdir()} == FILES
    assert (result["format"], result["opset"], result["model_name"]) == ("onnx", 15, None)
    assert 0 <= result["difference"] < 1e-4
    assert result["latency_ms"] > 0
    assert not (context.folder / "work").exists()

    net = Classifier(workspace / "output/best_model")
    images = [one.image for one in datasets.samples(workspace / "datasets/D0001", "classification", "val")]
    scores = net.scores([net.preprocess.load(image) for image in images])
    session = onnxruntime.InferenceSession(str(tmp_path / "导出/inference.onnx"))
    batch = net.preprocess.normalise(np.stack([net.preprocess.load(image) for image in images]))
    # Any number of images.
    assert session.run(None, {"x": batch})[0] == pytest.approx(scores, abs=1e-4)
    told = example_of(tmp_path / "导出", images[0], tmp_path).splitlines()
    assert told[0].startswith(net.labels[int(scores[0].argmax())])


@pytest.mark.parametrize("name", ["yolo", "anchor_free"])
def test_a_detector_answers_as_paddle_does(name: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    done = detection.trained(tmp_path_factory.getbasetemp(), name)
    result = export.run(exporting(done.root, tmp_path / "out", "detection"))
    assert result is not None
    assert result["difference"] <= 1e-3
    [image, *_] = datasets.samples(done.root / "datasets/D0001", "detection", "test")
    example_of(tmp_path / "out", image.image, tmp_path)


def test_an_export_that_answers_otherwise_is_not_published(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(onnx.Session):
        def __call__(self, inputs: Inputs) -> Answer:
            return [answer + np.float32(0.01) for answer in super().__call__(inputs)]

    monkeypatch.setattr(onnx, "Session", Wrong)
    with pytest.raises(JobFailed, match=r"differ by 0\.01") as caught:
        export.run(exporting(workspace, tmp_path / "out"))
    assert caught.value.reason == "mismatch"
    assert list(tmp_path.iterdir()) == []


def test_a_converter_that_ends_its_process_is_told_with_its_last_words(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys; sys.exit('[ERROR] Sorry, pd_op.strange is not supported')"
    monkeypatch.setattr(children, "python", lambda module: [sys.executable, "-c", program])
    with pytest.raises(JobFailed, match=r"pd_op\.strange is not supported") as caught:
        export.run(exporting(workspace, tmp_path / "out"))
    assert caught.value.reason == "conversion"
    assert list(tmp_path.iterdir()) == []


def test_a_stop_in_the_conversion_leaves_nothing(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = exporting(workspace, tmp_path / "out")
    progress = context.progress

    def stop_at_conversion(**fields: Any) -> None:
        progress(**fields)
        if fields.get("stage") == "converting":
            context.request_stop()

    monkeypatch.setattr(context, "progress", stop_at_conversion)
    with pytest.raises(JobStopped):
        export.run(context)
    assert list(tmp_path.iterdir()) == []
    assert not (context.folder / "work").exists()


def test_a_dataset_without_a_split_is_refused(workspace: Path, tmp_path: Path) -> None:
    dataset = tmp_path / "unsplit"
    shutil.copytree(workspace / "datasets/D0001", dataset)
    for written in ("split.json", "train_list.txt", "val_list.txt", "test_list.txt"):
        (dataset / written).unlink()
    with pytest.raises(UserError, match="not been split"):
        export.run(exporting(workspace, tmp_path / "out", dataset=str(dataset)))
    assert not (tmp_path / "out").exists()


def test_a_small_fast_scnn_is_refused_and_divides_by_zero(tmp_path: Path) -> None:
    refused = exports.onnx_refusal("segmentation", check_params("segmentation", SMALL_FAST_SCNN))
    assert refused is not None and "at least 192" in refused
    larger = check_params("segmentation", SMALL_FAST_SCNN | {"image_shape": [192, 256]})
    assert exports.onnx_refusal("segmentation", larger) is None
    context = JobContext("export", "T0001", tmp_path, tmp_path, {})
    for number, params in enumerate((SMALL_FAST_SCNN, larger)):
        (tmp_path / f"work{number}").mkdir()
        model = fresh("segmentation", check_params("segmentation", params), tmp_path / f"net{number}")
        model.save(tmp_path / f"work{number}")
        convert = functools.partial(onnx.convert, context, tmp_path / f"work{number}", tmp_path / "inference.onnx", 13)
        if number:
            convert()
        else:
            with pytest.raises(children.ChildFailed):
                convert()


SMALL_FAST_SCNN = {"model": "FastSCNN", "image_shape": [160, 256]}
REFUSED = [
    ("detection", "PPYOLO", "ResNet18_vd"),
    ("detection", "FasterRCNN", "ResNet18"),
    ("instance_segmentation", "MaskRCNN", "ResNet18"),
]
TAKEN = [
    ("detection", "PPYOLO", "MobileNetV3_small"),
    ("detection", "PPYOLOTiny", "MobileNetV3"),
    ("detection", "PicoDet", "LCNet"),
    ("segmentation", "BiSeNetV2", None),
    ("segmentation", "PP-LiteSeg-T", None),
]


@pytest.mark.parametrize(("type", "model", "backbone"), [*REFUSED, *TAKEN])
def test_what_is_refused_cannot_be_converted_and_what_is_taken_can(
    type: str, model: str, backbone: str | None, tmp_path: Path
) -> None:
    params = check_params(type, {"model": model, **({"backbone": backbone} if backbone else {})})
    refused = exports.onnx_refusal(type, params)
    assert (refused is not None) == ((type, model, backbone) in REFUSED)
    assert refused is None or model in refused
    (tmp_path / "work").mkdir()
    fresh(type, params, tmp_path / "net").save(tmp_path / "work", single=type != "segmentation")
    context = JobContext("export", "T0001", tmp_path, tmp_path, {})
    if refused is None:
        onnx.convert(context, tmp_path / "work", tmp_path / "inference.onnx", exports.DEFAULT_OPSET)
        onnx.Session(tmp_path / "inference.onnx")
    else:
        with pytest.raises(children.ChildFailed):
            onnx.convert(context, tmp_path / "work", tmp_path / "inference.onnx", exports.DEFAULT_OPSET)


def fresh(type: str, params: dict[str, Any], folder: Path) -> Model:
    """A model with random weights."""
    paddle.seed(0)
    info = {"type": type, "model": params["model"], "backbone": params.get("backbone"), "labels": ["a", "b"]}
    height, width = params["image_shape"]
    if type == "segmentation":
        net = build_net(params["model"], params.get("backbone"), 2)
        info |= {"image_shape": [width, height], "mean": [0.5] * 3, "std": [0.5] * 3, "params": params}
        checkpoint.save(folder, net, info)
        return ExportedSegmenter(folder)
    net = build(params["model"], params["backbone"], 2, params, project_type=type)
    info |= {"image_shape": [height, width], "mean": params["image_mean"], "std": params["image_std"], "params": params}
    checkpoint.save(folder, net, info)
    return ExportedDetector(folder)
