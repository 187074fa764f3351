"""The evaluation job: figures of whole images, counted again from the files that it leaves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics as sklearn

from paddlex_restful.jobs.context import JobFailed, JobStopped
from paddlex_restful.metrics import errors
from paddlex_restful.training import evaluate
from tests.training.segmentation.conftest import LABELS, job

CLASSES = range(len(LABELS))


def evaluated(root: Path, output: Path, **args: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    given = {"dataset": "datasets/D0001", "model": "output/best_model", "epoch": None}
    evaluate.run(job(root, "evaluate", output=str(output), topk=5, **(given | args)))
    result, records = (json.loads((output / name).read_text("utf-8")) for name in ("result.json", "predictions.json"))
    return result, records


def truth_of(root: Path, image: str) -> np.ndarray[Any, Any]:
    file = root / "datasets/D0001/Annotations" / f"{Path(image).stem}.png"
    truth = np.asarray(Image.open(file)).astype(np.int64)
    # The one image that a camera turned: its annotation lies as its pixels do.
    return np.rot90(truth, -1) if Path(image).name == "0004.jpg" else truth


def test_figures_are_those_of_the_written_class_maps_in_the_size_of_the_annotations(
    trained: Path, tmp_path: Path
) -> None:
    result, records = evaluated(trained, tmp_path, epoch=30, model="output/epoch_30")
    assert (result["epoch"], result["checkpoint_epoch"], result["split"]) == (30, 30, "test")
    assert len(records) == 3
    truths, guesses = [], []
    for record in records:
        truth, guess = truth_of(trained, record["image"]), np.asarray(Image.open(tmp_path / record["mask"]))
        assert record["size"] == [guess.shape[1], guess.shape[0]] == [truth.shape[1], truth.shape[0]]
        counted = truth != 255
        assert record["pixels"] == counted.sum()
        assert record["wrong"] == (truth != guess)[counted].sum()
        true, found = truth[counted], guess[counted]
        present = np.union1d(true, found)
        assert record["iou"] == pytest.approx(sklearn.jaccard_score(true, found, labels=present, average="macro"))
        assert [record["classes"][LABELS[i]]["missed"] for i in present] == [
            ((true == i) & (found != i)).sum() for i in present
        ]
        truths.append(true)
        guesses.append(found)
    true, found = np.concatenate(truths), np.concatenate(guesses)
    assert result["Confusion_Matrix"] == sklearn.confusion_matrix(true, found, labels=CLASSES).tolist()
    assert result["Mean_Acc"] == pytest.approx(sklearn.accuracy_score(true, found))
    assert result["kappa"] == pytest.approx(sklearn.cohen_kappa_score(true, found))
    iou = sklearn.jaccard_score(true, found, labels=CLASSES, average=None)
    assert [result["PRIoU"][label]["iou"] for label in LABELS] == pytest.approx(iou.tolist())
    assert result["Mean_IoU"] == pytest.approx(iou.mean())
    assert result["label_list"] == LABELS

    ranked = errors.ranked(records, "segmentation", LABELS)
    assert len(ranked) == 3
    assert sum(sum(item["pixels"] for item in image.items) for image in ranked) == (true != found).sum()


def test_a_second_evaluation_replaces_the_class_maps_of_the_first(trained: Path, tmp_path: Path) -> None:
    evaluated(trained, tmp_path)
    (tmp_path / "masks/stale.png").write_bytes(b"")
    evaluated(trained, tmp_path)
    assert len(list((tmp_path / "masks").iterdir())) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"masks", "result.json", "predictions.json"}


def test_an_annotation_that_cannot_be_used_is_told(trained: Path, tmp_path: Path) -> None:
    for name in ("datasets", "output"):
        shutil.copytree(trained / name, tmp_path / name)
    for file in (tmp_path / "datasets/D0001/Annotations").iterdir():
        Image.fromarray(np.full((60, 80), 7, np.uint8)).save(file)
    with pytest.raises(JobFailed, match="has a pixel with the class id 7, but the dataset has 4 classes"):
        evaluated(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out/result.json").exists()


def test_an_evaluation_can_be_stopped(trained: Path, tmp_path: Path) -> None:
    given = {"dataset": "datasets/D0001", "model": "output/best_model", "epoch": None}
    context = job(trained, "evaluate", output=str(tmp_path), **given)
    context.request_stop()
    with pytest.raises(JobStopped):
        evaluate.run(context)
    assert not (tmp_path / "result.json").exists()
