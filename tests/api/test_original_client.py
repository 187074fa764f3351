"""Clients of the original run unchanged: its page sends query strings, its scripts JSON, both numbers as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

from tests.answers import check_answer
from tests.conftest import Server
from tests.flow import TINY, running_task, task_status, until
from tests.images import make_classification


def page(server: Server, method: str, path: str, /, **arguments: Any) -> dict[str, Any]:
    """Make a call as a page does, with the arguments in the address; it must succeed."""
    response = requests.request(method, server.url + path, params=arguments, timeout=60)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    check_answer(method, path, answer)
    assert answer["status"] == 1, answer["message"]
    return answer


def test_the_quick_start_runs_with_query_strings_alone_and_numbers_as_text(server: Server, tmp_path: Path) -> None:
    make_classification(tmp_path / "shapes", per_class=12, size=32)
    did = page(server, "POST", "/dataset", name="quick", desc="start", dataset_type="classification")["did"]
    page(server, "PUT", "/dataset", did=did, path=str(tmp_path / "shapes"))
    until(lambda: page(server, "GET", "/dataset", did=did), lambda answer: answer["dataset_status"] == 4)
    page(server, "PUT", "/dataset/split", did=did, val_split="0.2", test_split="0.1")
    pid = page(server, "POST", "/project", name="quick", desc="", project_type="classification")["pid"]
    page(server, "PUT", "/workspace", struct="project", id=pid, attr_dict=json.dumps({"did": did}))
    params = page(server, "GET", "/project/task/params", pid=pid, model_type=TINY["model"], gpu_list="[0]")["train"]
    as_text = {**params, **TINY, "num_epochs": "1", "batch_size": "8", "learning_rate": "0.01"}
    tid = page(server, "POST", "/project/task", pid=pid, train=json.dumps(as_text), desc="")["tid"]
    stored = page(server, "GET", "/project/task/params", tid=tid)["train"]
    assert (stored["num_epochs"], stored["batch_size"], stored["learning_rate"]) == (1, 8, 0.01)

    # Forms send along what they have, whether it counts or not.
    page(server, "POST", "/project/task/train", tid=tid, eval_metric_loss="0.05")
    trained = until(
        lambda: page(server, "GET", "/project/task", tid=tid), lambda told: told["task_status"] not in (1, 3)
    )
    assert trained["task_status"] == 4, trained["message"]
    page(server, "POST", "/project/task/evaluate", tid=tid, topk="2", score_thresh="0.5", overlap_thresh="0.3")
    until(lambda: page(server, "GET", "/project/task/evaluate", tid=tid), lambda told: told["evaluate_status"] == 5)
    target = tmp_path / "exported"
    page(server, "POST", "/project/task/export", tid=tid, type="inference", save_dir=str(target), quant="false")
    until(lambda: page(server, "GET", "/project/task/export", tid=tid), lambda told: told["export_status"] == 7)
    assert (target / "inference.pdiparams").is_file()


def test_demos_are_named_by_word_or_by_number(server: Server) -> None:
    for named in (0, "0", "classification"):
        answer = server.ok("POST", "/demo", type="load", prj_type=named)
        assert server.ok("GET", "/project", id=answer["pid"])["attr"]["did"] == answer["did"]


def test_a_plain_start_of_a_stopped_task_starts_over_and_only_a_resume_goes_on(server: Server, tmp_path: Path) -> None:
    def epochs() -> list[str]:
        return list(server.ok("GET", "/project/task/metrics", tid=tid, type="eval_all")["epoch_result_dict"])

    def first_epoch() -> int | None:
        """Which file the weights of the first epoch are; none while they are not there."""
        [weights] = [*server.workspace.glob(f"projects/*/{tid}/output/epoch_1/model.pdparams")] or [None]
        return None if weights is None else weights.stat().st_mtime_ns

    tid = running_task(server, tmp_path / "shapes", epochs=4000, saved=3)
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    until(lambda: task_status(server, tid), lambda status: status == 8)
    saved = server.ok("GET", "/project/task", tid=tid, resume="")["max_saved_epochs"]
    assert saved >= 3
    before = first_epoch()
    assert before is not None

    server.ok("PUT", "/project/task/train", tid=tid, act="resume")
    until(epochs, lambda told: str(saved + 1) in told)
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    until(lambda: task_status(server, tid), lambda status: status == 8)
    assert epochs()[: saved + 1] == [str(epoch) for epoch in range(1, saved + 2)]
    assert first_epoch() == before

    server.ok("POST", "/project/task/train", tid=tid)
    # However many epochs have followed by the time of a look.
    until(first_epoch, lambda found: found not in (before, None))
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    until(lambda: task_status(server, tid), lambda status: status == 8)
    told = epochs()
    assert told == [str(epoch) for epoch in range(1, len(told) + 1)]
