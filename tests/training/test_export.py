from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.inference
import pytest
import yaml

from paddlex_restful import datasets
from paddlex_restful.diskspace import Disk
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from paddlex_restful.jobs.failures import of_exception
from paddlex_restful.training import checkpoint, export
from paddlex_restful.training.classification.export import ExportedClassifier
from paddlex_restful.training.classification.nets import build_net
from paddlex_restful.training.classification.prediction import Classifier, net_of
from paddlex_restful.training.inference_model import Predictor
from tests.training.trained import LABELS, SIZE, job, trained_workspace

FILES = {"inference.json", "inference.pdiparams", "inference.yml", "model.yml", "example.py", "export.json"}

PADDLEX = """
import json, sys
import paddlex
found = []
for model_name, model_dir, images in json.loads(sys.argv[1]):
    model = paddlex.create_model(model_name=model_name, model_dir=model_dir)
    results = model.predict(images, batch_size=8)
    found.append([[result["label_names"], result["scores"].tolist()] for result in results])
print("FOUND" + json.dumps(found))
"""

Found = list[tuple[list[str], list[float]]]


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_workspace(tmp_path_factory.getbasetemp())


def exporting(root: Path, save_dir: Path, **changed: Any) -> JobContext:
    args = {"type": "classification", "model": "output/best_model", "save_dir": str(save_dir), "format": "infer"}
    return job(root, "export", **(args | changed))


def by_paddlex(asked: list[tuple[str, Path, list[Path]]], home: Path) -> list[Found]:
    """What PaddleX 3 finds with models in images, asked in a process of its own that cannot reach the network."""
    environment = os.environ | {
        "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True",
        "PADDLE_PDX_CACHE_HOME": str(home),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    named = json.dumps([(name, str(folder), [str(image) for image in images]) for name, folder, images in asked])
    command = [sys.executable, "-c", PADDLEX, named]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("FOUND"))
    found: list[Found] = json.loads(line.removeprefix("FOUND"))
    return found


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of the trained net; tests only read it."""
    target = tmp_path_factory.mktemp("exports") / "导出 of T0001"
    export.run(exporting(trained_workspace(tmp_path_factory.getbasetemp()), target))
    return target


def test_paddlex_3_finds_the_same_classes_in_the_same_images(workspace: Path, exported: Path, tmp_path: Path) -> None:
    assert {file.name for file in exported.iterdir()} == FILES
    images = [sample.image for sample in datasets.samples(workspace / "datasets/D0001", "classification", "train")]
    trained = Classifier(workspace / "output/best_model")

    # PaddleX has no name for this net; and these labels are traps in YAML.
    labels = ["001", "null", "yes", "a: b", "'", "#6"]
    unnamed = {**trained.info, "model": "ShuffleNetV2", "labels": labels, "image_shape": [64, 32]}
    checkpoint.save(tmp_path / "unnamed", build_net("ShuffleNetV2", len(labels)), unnamed)
    result = export.run(exporting(tmp_path, tmp_path / "out", model="unnamed"))
    assert result is not None
    assert yaml.safe_load((tmp_path / "out/model.yml").read_text(encoding="utf-8"))["model"] == "ShuffleNetV2"

    asked = [("PP-LCNet_x1_0", exported, images), (result["model_name"], tmp_path / "out", images[:3])]
    of_trained, of_unnamed = by_paddlex(asked, tmp_path / "home")
    scores = trained.scores([trained.preprocess.load(image) for image in images])
    assert len(set(scores.argmax(axis=1))) > 1, "a net that always says the same cannot fail this test"
    for ours, (names, theirs) in zip(scores, of_trained, strict=True):
        # PaddleX rounds to five places and runs oneDNN's kernels, which round otherwise: that may turn a near tie.
        assert sorted(names) == sorted(LABELS)
        assert theirs == sorted(theirs, reverse=True)
        assert [ours[LABELS.index(name)] for name in names] == pytest.approx(theirs, abs=1e-3)

    net = Classifier(tmp_path / "unnamed")
    for image, (names, theirs) in zip(images, of_unnamed, strict=False):
        (ours,) = net.scores([net.preprocess.load(image)])
        assert len(names) == 5
        assert [ours[labels.index(name)] for name in names] == pytest.approx(theirs, abs=1e-3)


def test_the_export_takes_any_number_of_images_and_gives_probabilities(exported: Path) -> None:
    config = paddle.inference.Config(str(exported / "inference.json"), str(exported / "inference.pdiparams"))
    config.disable_glog_info()
    predictor = paddle.inference.create_predictor(config)
    width, height = SIZE
    for count in (1, 5):
        batch = np.random.default_rng(count).standard_normal((count, 3, height, width)).astype(np.float32)
        predictor.get_input_handle(predictor.get_input_names()[0]).copy_from_cpu(batch)
        predictor.run()
        output = predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu()
        assert output.shape == (count, 3)
        assert output.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_the_result_tells_how_close_the_export_is(workspace: Path, tmp_path: Path) -> None:
    target = tmp_path / "new/parents/out"
    context = exporting(workspace, target)
    result = export.run(context)
    assert result is not None
    assert (result["save_dir"], result["model_name"]) == (str(target), "PP-LCNet_x1_0")
    assert 0 <= result["difference"] < 1e-4
    told = json.loads((target / "export.json").read_text())
    assert told == {name: value for name, value in result.items() if name != "save_dir"}
    assert (told["format"], told["quantised"], told["pruned"]) == ("infer", False, False)
    info = checkpoint.read_info(workspace / "output/best_model")
    assert told["metric"] == {"acc1": info["metrics"]["acc1"]}
    assert told["latency_ms"] > 0
    assert told["size"] == sum(file.stat().st_size for file in target.iterdir() if file.name != "export.json")
    progress = json.loads((context.folder / "progress.json").read_text())
    assert progress.items() >= {"stage": "complete", "percent": 100}.items()


def test_nothing_is_left_in_the_users_home(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    export.run(exporting(workspace, tmp_path / "out"))
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_the_check_sees_an_export_of_other_weights(workspace: Path, exported: Path, tmp_path: Path) -> None:
    info = checkpoint.read_info(workspace / "output/best_model")
    other = net_of(info)
    checkpoint.load_net(workspace / "output/epoch_4", other)
    # Each class takes the place of another.
    *_, weights, biases = other.parameters()
    for parameter in (weights, biases):
        parameter.set_value(paddle.roll(parameter, 1, axis=-1))
    checkpoint.save(tmp_path / "other", other, info)
    assert ExportedClassifier(tmp_path / "other").difference_from_net(Predictor(exported)) > 1e-3


def test_a_folder_with_files_is_refused_and_left_as_it_is(workspace: Path, exported: Path) -> None:
    before = {file.name: file.stat().st_mtime_ns for file in exported.iterdir()}
    with pytest.raises(UserError, match="already holds files"):
        export.run(exporting(workspace, exported))
    assert {file.name: file.stat().st_mtime_ns for file in exported.iterdir()} == before
    assert list(exported.parent.iterdir()) == [exported]


def test_two_exports_into_one_folder_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(UserError, match="cannot be written"), export.new_folder(target) as late:
        (late / "late").write_text("late")
        with export.new_folder(target) as early:
            (early / "early").write_text("early")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == ["out", "out/early"]


def test_an_empty_folder_is_filled_in_one_step(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    with export.new_folder(target) as folder:
        (folder / "new").write_text("new")
        assert list(target.iterdir()) == []
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == ["out", "out/new"]


def test_a_folder_that_cannot_be_made_is_told_of(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot be written"):
        export.run(exporting(workspace, tmp_path / "file/out"))


def test_a_damaged_checkpoint_leaves_nothing(workspace: Path, tmp_path: Path) -> None:
    shutil.copytree(workspace / "output/best_model", tmp_path / "model")
    (tmp_path / "model/model.pdparams").write_bytes(b"torn")
    with pytest.raises(UserError, match="damaged"):
        export.run(exporting(tmp_path, tmp_path / "out", model="model"))
    assert not (tmp_path / "out").exists()


def test_a_stop_leaves_nothing(workspace: Path, tmp_path: Path) -> None:
    context = exporting(workspace, tmp_path / "out")
    context.request_stop()
    with pytest.raises(JobStopped):
        export.run(context)
    assert list(tmp_path.iterdir()) == []


def test_another_format_is_refused(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="export with type infer"):
        export.run(exporting(workspace, tmp_path / "out", format="caffe"))


def test_a_folder_that_gets_files_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(UserError, match="cannot be written"), export.new_folder(target) as folder:
        (folder / "new").write_text("new")
        target.mkdir()
        (target / "theirs").write_text("theirs")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["out", "out/theirs"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_an_export_that_cannot_fit_is_refused_before_it_is_written(workspace: Path, small_disk: Path) -> None:
    with pytest.raises(JobFailed, match="has 1 MB free and 7 MB are needed") as caught:
        export.run(exporting(workspace, small_disk / "out"))
    assert caught.value.reason == "disk_full"
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_becomes_full_is_told_as_full(
    workspace: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Disk, "shortage", lambda self, need=0: None)
    # Paddle writes what fits and says nothing.
    with pytest.raises(OSError, match="No space left") as caught:
        export.run(exporting(workspace, small_disk / "out"))
    failure = of_exception(caught.value, workspace / "out.log")
    assert (failure.reason, str(small_disk) in failure.message) == ("disk_full", True)
    assert list(small_disk.iterdir()) == []
