"""Exports of a trained net: what PaddleX 3 and the example beside them find is what the net finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlex_restful.imaging.image import read_image
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training import checkpoint, export, inference_model
from paddlex_restful.training.inference_model import Predictor
from paddlex_restful.training.segmentation.export import ExportedSegmenter
from paddlex_restful.training.segmentation.prediction import Segmenter, net_of
from tests.training.segmentation.conftest import SIZE, job

FILES = {"inference.json", "inference.pdiparams", "inference.yml", "model.yml", "example.py", "export.json"}
HEIGHT, WIDTH = SIZE

PADDLEX = """
import json, sys
import paddlex
name, folder, images = json.loads(sys.argv[1])
model = paddlex.create_model(model_name=name, model_dir=folder)
print("FOUND" + json.dumps([result["pred"].tolist() for result in model.predict(images, batch_size=2)]))
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture
def exported(trained: Path, exports: Path) -> Path:
    """An export of the trained net; tests only read it."""
    target = exports / "导出"
    if not target.exists():
        context = job(trained, "export", model="output/best_model", save_dir=str(target), format="infer")
        result = export.run(context)
        assert result is not None
        # PaddleX has no name for FastSCNN.
        assert (result["save_dir"], result["model_name"]) == (str(target), "PP-LiteSeg-T")
        assert 0 <= result["difference"] <= 1e-3
        assert {file.name for file in target.iterdir()} == FILES
    return target


def images_of(trained: Path, folder: Path) -> list[Path]:
    """Pictures of the net's input size, so that class maps need no resizing."""
    made = []
    for source in sorted((trained / "datasets/D0001/JPEGImages").glob("*.png"))[-3:]:
        made.append(folder / source.name)
        Image.open(source).convert("RGB").resize((WIDTH, HEIGHT)).save(made[-1])
    return made


def run(*command: str | Path, home: Path) -> str:
    """What a program prints that cannot reach the network."""
    environment = os.environ | {
        "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True",
        "PADDLE_PDX_CACHE_HOME": str(home),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=home, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_paddlex_3_and_the_example_find_what_the_net_finds(trained: Path, exported: Path, tmp_path: Path) -> None:
    images = images_of(trained, tmp_path)
    segmenter = Segmenter(trained / "output/best_model")
    ours = segmenter.logits([segmenter.prepare(read_image(image)).image for image in images]).argmax(axis=1)
    assert len(np.unique(ours)) > 1, "a net that always says the same cannot fail this test"

    asked = json.dumps(["PP-LiteSeg-T", str(exported), [str(image) for image in images]])
    (line,) = (line for line in run("-c", PADDLEX, asked, home=tmp_path).splitlines() if line.startswith("FOUND"))
    for mine, theirs in zip(ours, json.loads(line.removeprefix("FOUND")), strict=True):
        assert (np.array(theirs[0]) == mine).mean() > 0.999

    printed = run(exported / "example.py", images[0], home=tmp_path)
    found = np.asarray(Image.open(tmp_path / "classes.png"))
    assert (found == ours[0]).mean() > 0.999
    for index in np.unique(found):
        assert f"{segmenter.labels[index]}: {(found == index).mean():.2%} of the pixels" in printed


@pytest.mark.parametrize("count", [1, 5])
def test_the_export_takes_any_number_of_images_and_gives_class_ids(exported: Path, count: int) -> None:
    batch = np.random.default_rng(count).standard_normal((count, 3, HEIGHT, WIDTH)).astype(np.float32)
    (found,) = inference_model.run(exported, {"x": batch})
    assert found.shape == (count, HEIGHT, WIDTH)
    assert found.dtype == np.int32


def test_an_export_of_other_weights_is_seen(trained: Path, exported: Path, tmp_path: Path) -> None:
    info = checkpoint.read_info(trained / "output/best_model")
    other = net_of(info)
    checkpoint.load_net(trained / "output/best_model", other)
    for parameter in other.parameters():
        parameter.set_value(parameter * 1.1)
    checkpoint.save(tmp_path / "other", other, info)
    assert ExportedSegmenter(tmp_path / "other").difference_from_net(Predictor(exported)) > 1e-3


def test_an_export_that_answers_otherwise_is_not_published(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExportedSegmenter, "difference", lambda *answers: 0.2)
    context = job(trained, "export", model="output/best_model", save_dir=str(tmp_path / "out"), format="infer")
    with pytest.raises(JobFailed, match="does not answer like the trained one"):
        export.run(context)
    assert list(tmp_path.iterdir()) == []
