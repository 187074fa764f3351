"""Quantised exports of real trained nets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from paddlex_restful.params import check_params, default_params, exports
from paddlex_restful.training import checkpoint, export, inference_model, train
from paddlex_restful.training.classification.prediction import Classifier
from paddlex_restful.training.formats import children, quantised, tuning
from tests.images import make_dataset
from tests.training.detection import test_jobs as detection
from tests.training.formats.test_onnx import example_of, fresh
from tests.training.trained import SIZE, job, trained_workspace

FILES = {"inference.pdmodel", "inference.pdiparams", "inference.yml", "model.yml", "example.py", "export.json"}


def exporting(root: Path, target: Path, type: str = "classification", **changed: Any) -> JobContext:
    args = {"type": type, "model": "output/best_model", "dataset": "datasets/D0001", "format": "quantised"}
    return job(root, "export", save_dir=str(target), **(args | {"quant_epochs": 0} | changed))


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_workspace(tmp_path_factory.getbasetemp())


@pytest.fixture
def learnt(workspace: Path, tmp_path: Path) -> Path:
    """A workspace whose net is sure of what it says: of one that is not, rounding decides what 8 bits keep."""
    root = tmp_path / "learnt"
    shutil.copytree(workspace / "datasets", root / "datasets")
    changes = ("brightness", "contrast", "saturation", "hue", "horizontal_flip", "vertical_flip", "rotate")
    params = default_params("classification", "ResNet18") | dict.fromkeys(changes, False)
    params |= {
        "image_shape": list(SIZE),
        "num_epochs": 12,
        "save_interval_epochs": 12,
        "batch_size": 13,
        "learning_rate": 0.01,
        "lr_policy": "Cosine",
        "pretrain_weights": None,
    }
    args = {"type": "classification", "dataset": "datasets/D0001", "output": "output"}
    train.run(job(root, "train", params=params, resume_epoch=None, weights=None, **args))
    return root


def test_a_classifier_is_smaller_and_finds_nearly_the_same(learnt: Path, tmp_path: Path) -> None:
    workspace = learnt
    context = exporting(workspace, tmp_path / "out")
    result = export.run(context)
    assert result is not None
    assert {file.name for file in (tmp_path / "out").iterdir()} == FILES
    assert (result["format"], result["quantised"]) == ("infer", True)
    before, after = result["before"], result["after"]
    assert set(before) == set(after) == {"metric", "size", "latency_ms"}
    assert after["size"] == inference_model.size(tmp_path / "out")
    assert before["size"] > 2.5 * after["size"] or "times smaller" in result["remarks"][0]
    assert result["metric"] == after["metric"]
    # The figure is the one that the training's own evaluation found.
    assert before["metric"]["acc1"] == pytest.approx(
        checkpoint.read_info(workspace / "output/best_model")["metrics"]["acc1"]
    )
    assert json.loads((context.folder / "progress.json").read_text())["stage"] == "complete"

    net = Classifier(workspace / "output/best_model")
    samples = datasets.samples(workspace / "datasets/D0001", "classification", "train")
    images = [net.preprocess.load(sample.image) for sample in samples]
    scores = net.scores(images)
    exported = inference_model.Predictor(tmp_path / "out")
    found = exported({"x": net.preprocess.normalise(np.stack(images))})[0]
    assert (found.argmax(axis=1) == scores.argmax(axis=1)).mean() > 0.9
    assert not np.array_equal(found, scores)
    example_of(tmp_path / "out", samples[0].image, tmp_path)


@pytest.mark.parametrize("name", list(detection.NETS))
def test_a_detector_is_quantised_and_its_example_runs(
    name: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    done = detection.trained(tmp_path_factory.getbasetemp(), name)
    type = detection.type_of(name)
    result = export.run(exporting(done.root, tmp_path / "out", type))
    assert result is not None
    assert result["after"]["size"] < result["before"]["size"] / 2
    [image, *_] = datasets.samples(done.root / "datasets/D0001", type, "test")
    example_of(tmp_path / "out", image.image, tmp_path)


def test_fine_tuning_changes_the_weights_and_keeps_the_net(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Path] = []

    def keeping(*args: Any) -> Path:
        folder = tuning.tuned(*args)
        kept.append(folder.rename(tmp_path / "tuned"))
        return kept[0]

    monkeypatch.setattr(quantised, "tuned", keeping)
    result = export.run(exporting(workspace, tmp_path / "out", quant_epochs=2))
    assert result is not None
    assert result["quantised"]
    old, new = (
        checkpoint.load_weights(folder / "model.pdparams") for folder in (workspace / "output/best_model", kept[0])
    )
    assert old.keys() == new.keys()
    changed = [name for name in old if not np.array_equal(old[name], new[name])]
    assert any(name.endswith("weight") for name in changed)
    # It is the same net still: no convolution has become another one.
    moved = [
        np.linalg.norm(new[name] - old[name]) / np.linalg.norm(old[name]) for name in changed if old[name].ndim == 4
    ]
    assert moved
    assert max(moved) < 0.1


def test_a_failure_is_told_with_the_last_words_and_leaves_nothing(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "python", lambda module: [*python, "-c", "raise ValueError('no such operator')"])
    context = exporting(workspace, tmp_path / "out")
    with pytest.raises(JobFailed, match="ValueError: no such operator") as caught:
        export.run(context)
    assert caught.value.reason == "quantisation"
    assert list(tmp_path.iterdir()) == []
    assert not (context.folder / "work").exists()


python = children.python("x")[:1]


@pytest.mark.parametrize("stage", ["tuning", "calibrating", "measuring"])
def test_a_stop_leaves_nothing(stage: str, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = exporting(workspace, tmp_path / "out", quant_epochs=1 if stage == "tuning" else 0)
    progress = context.progress
    seen: list[str] = []

    def stop_at_stage(**fields: Any) -> None:
        progress(**fields)
        seen.append(str(fields.get("stage")))
        if fields.get("stage") == stage:
            context.request_stop()

    monkeypatch.setattr(context, "progress", stop_at_stage)
    with pytest.raises(JobStopped):
        export.run(context)
    assert seen[-1] == stage
    assert list(tmp_path.iterdir()) == []
    assert not (context.folder / "work").exists()


def test_what_is_refused_cannot_be_quantised(tmp_path: Path) -> None:
    params = check_params("detection", {"model": "PicoDet", "backbone": "LCNet", "image_shape": [64, 64]})
    refused = exports.quantisation_refusal("detection", params)
    assert refused is not None
    assert "PicoDet" in refused
    dataset = rebuilt(tmp_path)
    model = fresh("detection", params, tmp_path / "net")
    context = job(tmp_path, "export", type="detection", dataset=str(dataset))
    (tmp_path / "work").mkdir()
    (tmp_path / "out").mkdir()
    with pytest.raises(JobFailed, match="could not be quantised: IndexError"):
        quantised._quantise(context, model, tmp_path / "net", tmp_path / "work", tmp_path / "out")


def rebuilt(root: Path) -> Path:
    """A small dataset of detection, split."""
    dataset = make_dataset(root / "datasets/D0001", "detection", count=4, size=64)
    rebuild(dataset, "detection")
    datasets.split(dataset, "detection", 0.25, 0)
    return dataset
