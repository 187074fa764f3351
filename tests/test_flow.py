"""The main job, over HTTP, against a real server: from a folder of images to an exported model."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Server
from tests.flow import TINY, bound_project, import_dataset, running_task, task, task_status, train, trained_task, until
from tests.images import make_classification


def test_a_classifier_is_trained_evaluated_tried_and_exported(server: Server, tmp_path: Path) -> None:
    done = trained_task(server, tmp_path / "shapes")
    tid = done.tid

    log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
    assert log["train_stage"] == "complete"
    assert log["train_error"] is None
    assert log["eval_done"] is True
    assert log["train_metrics"]["Epoch"] == TINY["num_epochs"]
    assert {"Epoch", "Step", "loss", "lr", "acc1"} <= set(log["train_metrics"])
    assert log["running_duration"].startswith("0小时0分")
    lines = server.ok("GET", "/project/task/train/file", path=log["log_file"])["log"]
    assert 0 < len(lines) <= 50

    evaluations = server.ok("GET", "/project/task/metrics", tid=tid, type="eval_all")
    assert evaluations["key"] == "acc1"
    assert set(evaluations["epoch_result_dict"]) == {"1", "2", "3"}
    best = server.ok("GET", "/project/task/metrics", tid=tid, type="eval")["eval_metric"]
    assert best == {"acc1": evaluations["best_result"]}
    assert max(evaluations["epoch_result_dict"].values()) == evaluations["best_result"]

    server.ok("POST", "/project/task/evaluate", tid=tid, epoch=None, topk=2, score_thresh=None, overlap_thresh=None)
    evaluated = until(
        lambda: server.ok("GET", "/project/task/evaluate", tid=tid), lambda answer: answer["evaluate_status"] != 11
    )
    assert evaluated["evaluate_status"] == 5, evaluated["message"]
    labels = evaluated["result"]["label_list"]
    matrix = evaluated["result"]["Confusion_Matrix"]
    details = server.ok("GET", "/dataset/details", did=done.did)["details"]
    assert labels == details["labels"]
    assert sum(map(sum, matrix)) == len(details["test_files"])
    report = Path(server.ok("GET", "/project/task/evaluate/file", tid=tid)["path"])
    assert report.suffix == ".xlsx"
    assert report.stat().st_size > 0

    picture = done.source / details["test_files"][0]
    predicted = server.ok(
        "POST", "/project/task/predict", tid=tid, image_data=base64.b64encode(picture.read_bytes()).decode()
    )
    status = until(
        lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda answer: answer["predict_status"] != 0
    )
    assert status["predict_status"] == 1, status["message"]
    assert (status["predict_num"], status["total_num"]) == (1, 1)
    drawn = base64.b64decode(server.ok("GET", "/file", path=predicted["path"])["img_data"])
    assert Image.open(BytesIO(drawn)).size[0] > 0

    save_dir = tmp_path / "exported"
    assert server.ok("POST", "/project/task/export", tid=tid, type="infer", save_dir=str(save_dir))["save_dir"] == str(
        save_dir
    )
    exported = until(
        lambda: server.ok("GET", "/project/task/export", tid=tid), lambda answer: answer["export_status"] != 6
    )
    assert exported["export_status"] == 7, exported["message"]
    assert {"inference.json", "inference.pdiparams", "inference.yml"} <= {file.name for file in save_dir.iterdir()}
    assert task_status(server, tid) == 7


def test_a_stopped_training_goes_on_after_its_last_saved_epoch(server: Server, tmp_path: Path) -> None:
    tid = running_task(server, tmp_path / "shapes", epochs=4000, saved=2)
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    stopped = server.ok("GET", "/project/task", tid=tid, resume=True)
    assert stopped["task_status"] == 8
    assert stopped["resumable"] is True

    server.ok("PUT", "/project/task/train", tid=tid, act="resume")
    went_on = Path(server.ok("GET", "/project/task/params", tid=tid)["train"]["resume_checkpoint"])
    assert went_on.name == f"epoch_{stopped['max_saved_epochs']}"
    assert went_on.is_dir()
    epochs: list[int] = []

    def epoch() -> int:
        metrics = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]["train_metrics"]
        epochs.append(metrics["Epoch"] if metrics else stopped["max_saved_epochs"])
        return epochs[-1]

    until(epoch, lambda seen: seen > stopped["max_saved_epochs"])
    assert min(epochs) >= stopped["max_saved_epochs"], "it started over"
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")


def test_a_running_training_survives_the_kill_of_the_server_and_is_found_again(server: Server, tmp_path: Path) -> None:
    tid = running_task(server, tmp_path / "shapes", epochs=4000, saved=1)
    server.kill()
    server.start()
    assert task_status(server, tid) == 3
    seen = server.ok("GET", "/project/task", tid=tid, resume=True)["max_saved_epochs"]
    until(
        lambda: server.ok("GET", "/project/task", tid=tid, resume=True),
        lambda answer: answer["max_saved_epochs"] > seen,
    )
    assert "cannot be deleted" in server.refused("DELETE", "/project/task", tid=tid)
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    assert task_status(server, tid) == 8


def test_a_saved_model_starts_another_training(server: Server, tmp_path: Path) -> None:
    done = trained_task(server, tmp_path / "shapes")
    path = server.ok("GET", "/workspace", struct="task", id=done.tid, attr_list=["path"])["attr"]["path"]
    pmid = server.ok(
        "POST",
        "/model",
        pid=done.pid,
        tid=done.tid,
        name="shapes",
        type="pretrained",
        source_path=f"{path}/output/best_model",
    )["pmid"]
    server.ok("DELETE", "/project/task", tid=done.tid)
    tid = task(server, done.pid, pretrain_weights=pmid, num_epochs=1)
    train(server, tid)
    log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
    lines = " ".join(server.ok("GET", "/file", path=log["log_file"])["log"])
    filled = re.search(r"Filled (\d+) of (\d+) weights from model\.pdparams", lines)
    assert filled is not None, lines
    assert filled[1] == filled[2]


@pytest.mark.parametrize("package", ["paddle", "paddleclas"])
def test_without_an_engine_the_server_starts_and_the_first_job_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    missing = tmp_path / "site" / package
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text(
        f"raise ModuleNotFoundError(\"No module named '{package}'\", name='{package}')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(missing.parent))
    server = Server(tmp_path)
    try:
        make_classification(tmp_path / "shapes", per_class=4, size=32)
        did = import_dataset(server, tmp_path / "shapes")
        server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0)
        tid = task(server, bound_project(server, did))
        server.ok("POST", "/project/task/train", tid=tid)
        failed = until(
            lambda: server.ok("GET", "/project/task", tid=tid), lambda answer: answer["task_status"] not in (1, 3)
        )
        assert failed["task_status"] == 10
        assert "pip install" in failed["message"]
        assert package in failed["message"]
        log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
        assert log["train_error"] == failed["message"]
    finally:
        server.close()


def test_a_user_without_a_home_folder_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not even root makes a folder there.
    monkeypatch.setenv("HOME", "/proc/nobody")
    server = Server(tmp_path)
    try:
        trained_task(server, tmp_path / "shapes")
    finally:
        server.close()
    assert (server.workspace / "home").is_dir()
