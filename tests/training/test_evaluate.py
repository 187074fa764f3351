from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddlex_restful import datasets
from paddlex_restful.errors import UserError
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobStopped
from paddlex_restful.training import checkpoint, evaluate
from paddlex_restful.training.classification.prediction import Classifier, net_of
from tests.training.trained import LABELS, job, trained_workspace


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_workspace(tmp_path_factory.getbasetemp())


def evaluation(root: Path, **changed: Any) -> dict[str, Any]:
    args = {
        "type": "classification",
        "dataset": "datasets/D0001",
        "model": "output/best_model",
        "epoch": None,
        "topk": 5,
        "score_thresh": 0.5,
        "overlap_thresh": 0.3,
        "output": "evaluate",
    }
    return args | changed


def read_strictly(file: Path) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)


def test_the_result_is_what_the_net_says_of_the_test_split(workspace: Path) -> None:
    context = job(workspace, "evaluate", **evaluation(workspace))
    evaluate.run(context)
    result = read_strictly(workspace / "evaluate/result.json")

    folder = workspace / "datasets/D0001"
    samples = datasets.samples(folder, "classification", "test")
    info = checkpoint.read_info(workspace / "output/best_model")
    net = net_of(info)
    checkpoint.load_net(workspace / "output/best_model", net)
    net.eval()
    preprocess = Preprocess.of_info(info)
    guesses = []
    for sample in samples:
        image = preprocess.normalise(preprocess.load(sample.image)[None])
        guesses.append(int(net(paddle.to_tensor(image)).argmax()))
    truth = [sample.label for sample in samples]
    assert result["Acc1"] == np.mean(np.array(guesses) == truth)
    expected = np.zeros((3, 3), int)
    for true, guess in zip(truth, guesses, strict=True):
        expected[true, guess] += 1
    assert result["Confusion_Matrix"] == expected.tolist()
    assert len(set(guesses)) > 1, "a net that always says the same cannot fail this test"
    assert (result["split"], result["label_list"], result["topk"]) == ("test", LABELS, 3)
    assert result["epoch"] is None
    assert result["checkpoint_epoch"] == info["epoch"]
    assert set(result["PRF1"]) == set(LABELS)


def test_every_image_keeps_its_answer(workspace: Path) -> None:
    evaluate.run(job(workspace, "evaluate", **evaluation(workspace)))
    result = read_strictly(workspace / "evaluate/result.json")
    predictions = read_strictly(workspace / "evaluate/predictions.json")
    samples = datasets.samples(workspace / "datasets/D0001", "classification", "test")
    assert [entry["image"] for entry in predictions] == [
        sample.image.relative_to(workspace / "datasets/D0001").as_posix() for sample in samples
    ]
    right = [entry["label"] == entry["predicted"] for entry in predictions]
    assert np.mean(right) == result["Acc1"]
    assert all(1 / 3 <= entry["score"] <= 1 for entry in predictions)
    together, *classes = read_strictly(workspace / "evaluate/curves.json")["images"]
    assert together["true_positives"][0] == sum(right)
    assert [one["category"] for one in classes] == LABELS
    assert sum(one["positives"] for one in classes) == together["positives"] == len(samples)


def test_progress_ends_at_a_hundred_percent(workspace: Path) -> None:
    context = job(workspace, "evaluate", **evaluation(workspace))
    evaluate.run(context)
    assert read_strictly(context.folder / "progress.json").items() >= {"stage": "complete", "percent": 100}.items()


def test_without_a_test_split_the_validation_split_is_evaluated(workspace: Path, tmp_path: Path) -> None:
    root = copy_of(workspace, tmp_path)
    datasets.split(root / "datasets/D0001", "classification", 0.25, 0.0)
    evaluate.run(job(root, "evaluate", **evaluation(root, epoch=4, model="output/epoch_4")))
    result = read_strictly(root / "evaluate/result.json")
    assert (result["split"], result["epoch"], result["checkpoint_epoch"]) == ("val", 4, 4)


def test_a_dataset_without_either_split_is_refused(workspace: Path, tmp_path: Path) -> None:
    root = copy_of(workspace, tmp_path)
    datasets.split(root / "datasets/D0001", "classification", 0.0, 0.0)
    with pytest.raises(UserError, match="neither test nor validation images"):
        evaluate.run(job(root, "evaluate", **evaluation(root)))


def test_an_unreadable_image_is_named(workspace: Path, tmp_path: Path) -> None:
    root = copy_of(workspace, tmp_path)
    image = datasets.samples(root / "datasets/D0001", "classification", "test")[0].image
    image.unlink()
    image.write_bytes(b"no image")
    with pytest.raises(UserError, match=image.name):
        evaluate.run(job(root, "evaluate", **evaluation(root)))
    assert not (root / "evaluate").exists()


def test_other_classes_than_those_of_the_model_are_refused(workspace: Path, tmp_path: Path) -> None:
    root = copy_of(workspace, tmp_path)
    info = checkpoint.read_info(root / "output/best_model")
    net = net_of(info)
    checkpoint.save(root / "output/best_model", net, info | {"labels": ["cat", "dog", "emu"]})
    with pytest.raises(UserError, match="square, the triangle, 圆 in place of cat, dog, emu"):
        evaluate.run(job(root, "evaluate", **evaluation(root)))


def test_a_net_that_answers_with_nan_is_told_of(workspace: Path, tmp_path: Path) -> None:
    root = copy_of(workspace, tmp_path)
    info = checkpoint.read_info(root / "output/best_model")
    net = net_of(info)
    for parameter in net.parameters():
        parameter.set_value(paddle.full_like(parameter, float("nan")))
    checkpoint.save(root / "output/best_model", net, info)
    with pytest.raises(UserError, match="not finite"):
        evaluate.run(job(root, "evaluate", **evaluation(root)))


def test_a_stop_ends_the_job_without_a_result(workspace: Path, tmp_path: Path) -> None:
    root = copy_of(workspace, tmp_path)
    context = job(root, "evaluate", **evaluation(root))
    context.request_stop()
    with pytest.raises(JobStopped):
        evaluate.run(context)
    assert not (root / "evaluate").exists()


def test_many_images_are_evaluated_in_several_batches_in_order(workspace: Path, tmp_path: Path) -> None:
    root = copy_of(workspace, tmp_path)
    folder = root / "datasets/D0001"
    info = checkpoint.read_info(root / "output/best_model")
    checkpoint.save(root / "output/best_model", _fresh(root, info), info | {"image_shape": [320, 320]})
    evaluate.run(job(root, "evaluate", **evaluation(root)))
    many = read_strictly(root / "evaluate/predictions.json")
    samples = datasets.samples(folder, "classification", "test")
    assert len(samples) > Classifier(root / "output/best_model").batch_size, "one batch would not show the order"
    assert [entry["label"] for entry in many] == [
        LABELS[sample.label] for sample in samples if isinstance(sample.label, int)
    ]


def _fresh(root: Path, info: dict[str, Any]) -> Any:
    net = net_of(info)
    checkpoint.load_net(root / "output/best_model", net)
    return net


def copy_of(workspace: Path, folder: Path) -> Path:
    root = folder / "workspace"
    shutil.copytree(workspace, root, ignore=shutil.ignore_patterns("job", "evaluate", "predict*"))
    return root
