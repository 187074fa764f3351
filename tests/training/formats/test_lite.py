"""Paddle-Lite exports of real trained nets; those for x86 are run by the interpreter that ``make lite`` makes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlex_restful import datasets
from paddlex_restful.errors import UserError
from paddlex_restful.imaging.image import read_image
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from paddlex_restful.params import check_params, default_params, exports, models
from paddlex_restful.services import paddlelite
from paddlex_restful.training import export
from paddlex_restful.training.classification.export import ExportedClassifier
from paddlex_restful.training.formats import lite
from tests.training.detection import test_jobs as detection
from tests.training.formats.test_onnx import example_of, fresh
from tests.training.trained import job, trained_workspace

FILES = {"inference.nb", "inference.yml", "model.yml", "example.py", "export.json"}


def exporting(root: Path, target: Path, type: str = "classification", **changed: Any) -> JobContext:
    args = {"type": type, "model": "output/best_model", "dataset": "datasets/D0001", "format": "lite"}
    args |= {"valid_places": "x86", "python": sys.executable}
    return job(root, "export", save_dir=str(target), **(args | changed))


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_workspace(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter with paddlelite."""
    try:
        return paddlelite.interpreter()
    except UserError as refusal:
        pytest.skip(str(refusal))


def test_a_classifier_for_x86_answers_as_paddle_does(workspace: Path, tmp_path: Path, python: str) -> None:
    result = export.run(exporting(workspace, tmp_path / "out", python=python))
    assert result is not None
    assert {file.name for file in (tmp_path / "out").iterdir()} == FILES
    assert (result["format"], result["valid_places"], result["model_name"]) == ("lite", "x86", None)
    assert 0 <= result["difference"] < 1e-3
    assert result["latency_ms"] > 0
    image = datasets.samples(workspace / "datasets/D0001", "classification", "val")[0].image
    executed = example_of(tmp_path / "out", image, tmp_path, python)
    net = ExportedClassifier(workspace / "output/best_model")
    scores = net.answer(net.inputs(read_image(image)))[0][0]
    assert executed.startswith(net.info["labels"][int(np.argmax(scores))])


@pytest.mark.parametrize("places", ["arm", "arm_opencl"])
def test_what_is_for_phones_is_not_run(workspace: Path, tmp_path: Path, python: str, places: str) -> None:
    result = export.run(exporting(workspace, tmp_path / "out", python=python, valid_places=places))
    assert result is not None
    assert (result["difference"], result["latency_ms"], result["metric"]) == (None, None, {})
    assert (tmp_path / "out/inference.nb").stat().st_size > 100_000


def test_an_exported_model_is_converted_as_well_as_the_trained_one(
    workspace: Path, tmp_path: Path, python: str
) -> None:
    export.run(exporting(workspace, tmp_path / "infer", format="infer"))
    given = {"model": str(tmp_path / "infer"), "exported": True, "python": python}
    result = export.run(exporting(workspace, tmp_path / "out", **given))
    assert result is not None
    # Compared with what lies in the folder.
    assert 0 <= result["difference"] < 1e-3


def test_a_quantised_model_is_converted(workspace: Path, tmp_path: Path, python: str) -> None:
    export.run(exporting(workspace, tmp_path / "infer", format="quantised", quant_epochs=0))
    given = {"model": str(tmp_path / "infer"), "exported": True, "python": python, "valid_places": "arm"}
    result = export.run(exporting(workspace, tmp_path / "out", **given))
    assert result is not None
    assert result["quantised"]
    export.run(exporting(workspace, tmp_path / "whole", python=python, valid_places="arm"))
    sizes = [(tmp_path / name / "inference.nb").stat().st_size for name in ("out", "whole")]
    assert sizes[0] < sizes[1] / 2


def test_a_folder_that_was_not_exported_is_refused(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/model.yml").write_text("type: classification\nmodel: PPLCNet\nlabels: 7\nparams: {}\n")
    with pytest.raises(JobFailed, match="no inference model that this version exported"):
        export.run(exporting(workspace, tmp_path / "out", model=str(tmp_path / "folder"), exported=True))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["yolo", "anchor_free"])
def test_a_detector_is_converted(
    name: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, python: str
) -> None:
    done = detection.trained(tmp_path_factory.getbasetemp(), name)
    assert exports.lite_refusal("detection", done.args["params"]) is None
    assert export.run(exporting(done.root, tmp_path / "out", "detection", python=python, valid_places="arm"))


def test_what_is_refused_cannot_be_converted(tmp_path: Path, python: str) -> None:
    params = check_params("segmentation", {"model": "OCRNet_HRNet-W18", "image_shape": [64, 64]})
    refused = exports.lite_refusal("segmentation", params)
    assert refused is not None
    assert "bmm" in refused
    model = fresh("segmentation", params, tmp_path / "net")
    context = job(tmp_path, "export", model="net", python=python, valid_places="arm")
    (tmp_path / "out").mkdir()
    with pytest.raises(JobFailed, match="No kernels found for bmm"):
        lite.write(context, model, tmp_path / "out")


def test_a_crash_of_the_converter_is_told_with_its_last_words(workspace: Path, tmp_path: Path) -> None:
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\necho 'Check failed: no kernel found for strange_op'\nkill -ABRT $$\n")
    crashing.chmod(0o755)
    context = exporting(workspace, tmp_path / "out", python=str(crashing))
    with pytest.raises(JobFailed, match=r"no kernel found for strange_op \(exit code -6\)") as caught:
        export.run(context)
    assert caught.value.reason == "conversion"
    assert list(tmp_path.iterdir()) == [crashing]
    assert not (context.folder / "work").exists()


def test_a_stop_in_the_conversion_ends_the_converter(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeping = tmp_path / "python"
    sleeping.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 1000\n")
    sleeping.chmod(0o755)
    context = exporting(workspace, tmp_path / "out", python=str(sleeping))
    stop = context.check_stop

    def stop_when_it_runs() -> None:
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            context.request_stop()
        stop()

    monkeypatch.setattr(context, "check_stop", stop_when_it_runs)
    with pytest.raises(JobStopped):
        export.run(context)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert not (tmp_path / "out").exists()


def test_one_that_answers_otherwise_is_not_published(
    workspace: Path, tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExportedClassifier, "difference", lambda *answers: 0.5)
    with pytest.raises(JobFailed, match="does not answer like"):
        export.run(exporting(workspace, tmp_path / "out", python=python))
    assert list(tmp_path.iterdir()) == []


def test_every_model_has_an_answer_whether_it_can_be_exported() -> None:
    for type in ("classification", "detection", "segmentation", "instance_segmentation"):
        for model in models(type):
            params = check_params(type, default_params(type, model))
            for refusal in (
                exports.onnx_refusal(type, params),
                exports.quantisation_refusal(type, params),
                exports.lite_refusal(type, params),
            ):
                assert refusal is None or (model in refusal and "{" not in refusal)
