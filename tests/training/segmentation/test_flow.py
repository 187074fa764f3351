"""Segmentation over HTTP, against a real server: from a folder of images to an exported model and the next training."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import Server
from tests.flow import bound_project, import_dataset, task, task_status, train, until
from tests.training.segmentation.conftest import LABELS, SIZE, make_mixed

FAST = {"model": "FastSCNN", "image_shape": list(SIZE), "num_epochs": 4, "save_interval_epochs": 2, "batch_size": 4}


def evaluate(server: Server, tid: str) -> dict[str, object]:
    server.ok("POST", "/project/task/evaluate", tid=tid, epoch=None, topk=5, score_thresh=None, overlap_thresh=None)
    answer = until(
        lambda: server.ok("GET", "/project/task/evaluate", tid=tid), lambda answer: answer["evaluate_status"] != 11
    )
    assert answer["evaluate_status"] == 5, answer["message"]
    return dict(answer["result"])


def test_a_segmentation_net_is_trained_evaluated_tried_exported_and_trained_on(server: Server, tmp_path: Path) -> None:
    source = make_mixed(tmp_path / "形状")
    did = import_dataset(server, source, "segmentation")
    server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0.25)
    pid = bound_project(server, did, "segmentation")
    tid = task(server, pid, **FAST)
    train(server, tid)

    log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
    assert {"Epoch", "Step", "loss", "lr"} <= set(log["train_metrics"])
    assert set(log["eval_metrics"]) == {"Epoch", "miou", "oacc", "kappa"}
    evaluations = server.ok("GET", "/project/task/metrics", tid=tid, type="eval_all")
    assert evaluations["key"] == "miou"
    assert set(evaluations["epoch_result_dict"]) == {"2", "4"}

    result = evaluate(server, tid)
    assert result["label_list"] == LABELS
    assert result["PRIoU"].keys() == set(LABELS)  # type: ignore[attr-defined]
    report = Path(server.ok("GET", "/project/task/evaluate/file", tid=tid)["path"])
    assert report.suffix == ".xlsx"
    wrong = server.ok("GET", "/project/task/evaluate/errors", tid=tid)
    assert wrong["images"] == 3
    for one in wrong["errors"]:
        told = server.ok("GET", "/project/task/evaluate/errors/picture", tid=tid, image=one["image"])
        assert Image.open(BytesIO(base64.b64decode(told["img_data"]))).width > 2 * 60

    details = server.ok("GET", "/dataset/details", did=did)["details"]
    picture = source / details["test_files"][0]
    data = base64.b64encode(picture.read_bytes()).decode()
    path = Path(server.ok("POST", "/project/task/predict", tid=tid, image_data=data)["path"])
    status = until(
        lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda found: found["predict_status"] != 0
    )
    assert status["predict_status"] == 1, status["message"]
    drawn = base64.b64decode(server.ok("GET", "/file", path=str(path))["img_data"])
    with Image.open(path.parent / "masks" / path.name) as mask, Image.open(picture) as original:
        assert mask.size == original.size
        assert set(np.unique(np.asarray(mask))) <= set(range(len(LABELS)))
    assert Image.open(BytesIO(drawn)).width >= 240

    save_dir = tmp_path / "exported"
    server.ok("POST", "/project/task/export", tid=tid, type="infer", save_dir=str(save_dir))
    exported = until(
        lambda: server.ok("GET", "/project/task/export", tid=tid), lambda found: found["export_status"] != 6
    )
    assert exported["export_status"] == 7, exported["message"]
    assert exported["model_name"] == "PP-LiteSeg-T"
    assert {"inference.json", "inference.pdiparams", "inference.yml", "example.py"} <= {
        file.name for file in save_dir.iterdir()
    }

    folder = server.ok("GET", "/workspace", struct="task", id=tid, attr_list=["path"])["attr"]["path"]
    named = {"pid": pid, "tid": tid, "name": "形状", "type": "pretrained", "source_path": f"{folder}/output/best_model"}
    pmid = server.ok("POST", "/model", **named)["pmid"]
    assert server.ok("GET", "/model", mid=pmid)["dataset_attr"]["labels"] == LABELS
    following = task(server, pid, **(FAST | {"pretrain_weights": pmid, "num_epochs": 1}))
    train(server, following)
    log = server.ok("GET", "/project/task/metrics", tid=following, type="train")["train_log"]
    lines = " ".join(server.ok("GET", "/file", path=log["log_file"])["log"])
    filled = re.search(r"Filled (\d+) of (\d+) weights from model\.pdparams", lines)
    assert filled is not None, lines
    assert filled[1] == filled[2]


def test_a_stopped_training_goes_on_after_its_last_saved_epoch(server: Server, tmp_path: Path) -> None:
    did = import_dataset(server, make_mixed(tmp_path / "shapes"), "segmentation")
    server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0)
    tid = task(server, bound_project(server, did, "segmentation"), **(FAST | {"num_epochs": 6000}))
    server.ok("POST", "/project/task/train", tid=tid)

    def saved() -> int:
        return int(server.ok("GET", "/project/task", tid=tid, resume=True)["max_saved_epochs"])

    until(saved, lambda epochs: epochs >= 2)
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    assert task_status(server, tid) == 8
    before = saved()
    server.ok("PUT", "/project/task/train", tid=tid, act="resume")
    until(saved, lambda epochs: epochs > before)
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")


def test_remote_segmentation_stays_refused(shared_server: Server) -> None:
    assert "remote_segmentation" in shared_server.refused(
        "POST", "/project", name="p", desc="", project_type="remote_segmentation"
    )
