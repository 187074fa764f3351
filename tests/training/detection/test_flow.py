"""Detection and instance segmentation over HTTP, against a real server: from a folder to an exported model."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import Server
from tests.flow import bound_project, import_dataset, train, until
from tests.images import CLASSES, make_dataset

SMALL = {"num_epochs": 2, "save_interval_epochs": 1, "batch_size": 4, "warmup_steps": 2, "pretrain_weights": None}
NETS: dict[str, dict[str, Any]] = {
    "detection": {"model": "PP-YOLOE_plus-S", "image_shape": [64, 64], "random_shape": False},
    "instance_segmentation": {"model": "MaskRCNN", "backbone": "ResNet18", "image_shape": [64, 96]},
}


@pytest.mark.parametrize("type", list(NETS))
def test_a_net_is_trained_evaluated_tried_and_exported(server: Server, tmp_path: Path, type: str) -> None:
    source = make_dataset(tmp_path / "形状", type, count=14, size=(96, 64), objects=2, backgrounds=2)
    did = import_dataset(server, source, type)
    server.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0.2)
    pid = bound_project(server, did, type)
    defaults = server.ok("GET", "/project/task/params", pid=pid, model_type=NETS[type]["model"])["train"]
    tid = server.ok("POST", "/project/task", pid=pid, train=defaults | SMALL | NETS[type], desc="")["tid"]
    train(server, tid)

    log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
    assert {"Epoch", "Step", "loss", "lr"} < set(log["train_metrics"])
    assert {"Epoch", "bbox_map", "bbox_mmap"} <= set(log["eval_metrics"])
    key = server.ok("GET", "/project/task/metrics", tid=tid, type="eval_all")["key"]
    assert key == ("bbox_map" if type == "detection" else "bbox_mmap")

    server.ok("POST", "/project/task/evaluate", tid=tid, score_thresh=0.01, overlap_thresh=0.5)
    answer = until(
        lambda: server.ok("GET", "/project/task/evaluate", tid=tid), lambda answer: answer["evaluate_status"] != 11
    )
    assert answer["evaluate_status"] == 5, answer["message"]
    assert answer["result"]["label_list"] == [*CLASSES, "back_ground"]
    assert Path(server.ok("GET", "/project/task/evaluate/file", tid=tid)["path"]).suffix == ".xlsx"
    wrong = server.ok("GET", "/project/task/evaluate/errors", tid=tid)["errors"]
    assert wrong
    told = server.ok("GET", "/project/task/evaluate/errors/picture", tid=tid, image=wrong[0]["image"])
    assert Image.open(BytesIO(base64.b64decode(told["img_data"]))).width > 2 * 96

    server.ok("POST", "/project/task/predict", tid=tid, score_thresh=0.01)
    status = until(
        lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda found: found["predict_status"] != 0
    )
    assert status["predict_status"] == 1, status["message"]
    told = server.ok("GET", "/project/task/predict/result", tid=tid)
    assert told["total"] == len(server.ok("GET", "/dataset/details", did=did)["details"]["test_files"])
    for one in told["predictions"]:
        assert one["size"] == [96, 64]
        assert all(set(found) >= {"category", "score", "bbox"} for found in one["predictions"])

    save_dir = tmp_path / "exported"
    server.ok("POST", "/project/task/export", tid=tid, type="infer", save_dir=str(save_dir))
    exported = until(
        lambda: server.ok("GET", "/project/task/export", tid=tid), lambda found: found["export_status"] != 6
    )
    assert exported["export_status"] == 7, exported["message"]
    assert (save_dir / "example.py").exists()
