"""What a client reads of jobs that failed, over HTTP, with real processes."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

from tests.conftest import Server
from tests.flow import running_task, trained_task, until


def test_a_training_that_was_killed_says_who_did_it_and_from_where_it_can_go_on(server: Server, tmp_path: Path) -> None:
    tid = running_task(server, tmp_path / "shapes", epochs=400, saved=2)
    log_file = Path(server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]["log_file"])
    os.kill(json.loads((log_file.parent / "process.json").read_bytes())["pid"], signal.SIGKILL)
    task = until(
        lambda: server.ok("GET", "/project/task", tid=tid, resume=True), lambda seen: seen["task_status"] == 10
    )
    assert "killed by signal 9 (SIGKILL)" in task["message"]
    found = re.search(r"can go on after epoch (\d+): call PUT /project/task/train", task["message"])
    assert found is not None, task["message"]
    # A kill between the saving and its telling leaves one epoch more than is told.
    assert 2 <= int(found[1]) <= task["max_saved_epochs"] <= int(found[1]) + 1

    log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
    assert task["message"].startswith(log["train_error"])
    assert log["log_tail"] == log_file.read_text().splitlines()[-20:]
    server.ok("PUT", "/project/task/train", tid=tid, act="resume", epoch=int(found[1]))
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    assert "can go on after epoch" in server.ok("GET", "/project/task", tid=tid)["message"]


def test_an_evaluation_that_failed_shows_the_end_of_its_log(server: Server, tmp_path: Path) -> None:
    done = trained_task(server, tmp_path / "shapes")
    assert "go on" not in server.ok("GET", "/project/task", tid=done.tid)["message"]
    path = server.ok("GET", "/workspace", struct="task", id=done.tid, attr_list=["path"])["attr"]["path"]
    (Path(path) / "output/best_model/model.pdparams").write_bytes(b"damaged")
    server.ok("POST", "/project/task/evaluate", tid=done.tid)
    answer = until(
        lambda: server.ok("GET", "/project/task/evaluate", tid=done.tid), lambda seen: seen["evaluate_status"] != 11
    )
    assert answer["evaluate_status"] == 12
    assert "model.pdparams is damaged" in answer["message"]
    assert any("JobFailed" in line for line in answer["log_tail"])
    assert server.ok("GET", "/file", path=answer["log_file"])["log"][-len(answer["log_tail"]) :] == answer["log_tail"]
