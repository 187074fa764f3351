"""Pruning over HTTP: the analysis of a trained task, and tasks that train its pruned model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Server
from tests.flow import Trained, task_status, trained_task, until


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A trained task on a server of this module's own."""
    folder = tmp_path_factory.mktemp("pruned")
    server = Server(folder)
    yield trained_task(server, folder / "shapes")
    server.close()


def child(trained: Trained, **changes: Any) -> str:
    """A task that prunes the trained one's model; gives its id."""
    params = trained.server.ok("GET", "/project/task/params", tid=trained.tid)["train"]
    made = trained.server.ok(
        "POST", "/project/task", pid=trained.pid, train={**params, **changes}, parent_id=trained.tid
    )
    return str(made["tid"])


def analysed(server: Server, tid: str) -> dict[str, Any]:
    """Wait for the end of an analysis, which measures for half a minute and longer; gives its status."""
    return until(
        lambda: server.ok("GET", "/project/task/prune", tid=tid), lambda answer: answer["prune_status"] > 1, 600
    )


def train_pruned(server: Server, tid: str, **goal: float) -> dict[str, Any]:
    """Train a pruned task to its end; gives its training's log."""
    server.ok("POST", "/project/task/train", tid=tid, **goal)
    seen = set()

    def look() -> int:
        seen.add(task_status(server, tid))
        return task_status(server, tid)

    assert until(look, lambda status: status not in (1, 2, 3, 15)) == 4, server.ok("GET", "/project/task", tid=tid)
    assert 15 in seen
    assert 3 not in seen
    log: dict[str, Any] = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
    return log


def test_an_analysis_is_stopped_goes_on_and_leaves_the_task_as_it_was(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    assert server.ok("GET", "/project/task/prune", tid=tid)["prune_status"] is None
    assert server.ok("GET", "/project/task/metrics", tid=tid, type="prune")["prune_log"] is None
    assert "not been analysed" in server.refused("GET", "/project/task/metrics", tid=tid, type="sensitivities")
    assert "nothing to stop" in server.refused("PUT", "/project/task/prune", tid=tid, act="stop")
    before = task_status(server, tid)

    server.ok("POST", "/project/task/prune", tid=tid)
    assert task_status(server, tid) == 14
    assert "at work (prune)" in server.refused("POST", "/project/task/prune", tid=tid)

    def log() -> dict[str, Any]:
        found: dict[str, Any] = server.ok("GET", "/project/task/metrics", tid=tid, type="prune")["prune_log"]
        return found

    until(log, lambda seen: (seen["current"] or 0) >= 5)
    server.ok("PUT", "/project/task/prune", tid=tid, act="stop")
    stopped = server.ok("GET", "/project/task/prune", tid=tid)
    assert (stopped["prune_status"], task_status(server, tid)) == (4, before)
    assert "goes on from what was measured" in stopped["message"]
    at_stop = log()["current"]
    part = server.ok("GET", "/project/task/metrics", tid=tid, type="sensitivities")["layers"]

    server.kill()
    server.restart()
    server.ok("POST", "/project/task/prune", tid=tid)
    begun = until(log, lambda seen: seen["current"] is not None)
    assert begun["current"] >= at_stop
    assert analysed(server, tid)["prune_status"] == 2
    assert task_status(server, tid) == before
    ended = log()
    assert (ended["current"], ended["progress"], ended["eta"]) == (ended["iters"], 100.0, 0)
    assert Path(ended["log_file"]).is_file()

    answer = server.ok("GET", "/project/task/metrics", tid=tid, type="sensitivities")
    assert set(answer["layers"]) == set(answer["channels"])
    assert sum(len(losses) for losses in answer["layers"].values()) == ended["iters"]
    assert all(answer["layers"][name][ratio] == loss for name, layer in part.items() for ratio, loss in layer.items())
    shares = list(answer["sensitivities_loss_img"].values())
    assert shares == sorted(shares)
    assert 0 < shares[-1] < 1


def test_a_pruned_task_trains_and_is_used_like_any(trained: Trained, tmp_path: Path) -> None:
    server = trained.server
    tid = child(trained)
    log = train_pruned(server, tid, pruned_flops=0.3)
    flops, parameters = log["pruning"]["flops"], log["pruning"]["parameters"]
    assert 1 - flops["after"] / flops["before"] == pytest.approx(0.3, rel=0.02)
    assert parameters["after"] < parameters["before"]

    server.kill()
    server.restart()
    server.ok("POST", "/project/task/evaluate", tid=tid)
    until(lambda: task_status(server, tid), lambda status: status == 5)
    server.ok("POST", "/project/task/export", tid=tid, type="infer", save_dir=str(tmp_path / "exported"))
    until(lambda: task_status(server, tid), lambda status: status == 7)
    image = next((server.workspace / "datasets" / trained.did).rglob("*.png"))
    server.ok("POST", "/project/task/predict", tid=tid, img_list=[str(image)])
    until(lambda: server.ok("GET", "/project/task/predict", tid=tid)["predict_status"], lambda status: status == 1)


def test_a_pruned_training_goes_on_in_another_place(trained: Trained, tmp_path: Path) -> None:
    server = trained.server
    tid = child(trained, num_epochs=200)
    server.ok("POST", "/project/task/train", tid=tid, pruned_flops=0.5)
    until(lambda: server.ok("GET", "/project/task", tid=tid, resume=True)["max_saved_epochs"], lambda epoch: epoch >= 2)
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    shutil.copytree(server.workspace, tmp_path / "workspace", ignore=shutil.ignore_patterns("workspace.lock"))
    moved = Server(tmp_path)
    try:
        moved.ok("PUT", "/project/task/train", tid=tid, act="resume")

        def pruning() -> Any:
            return moved.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]["pruning"]

        told = until(pruning, lambda found: found is not None)
        assert told["flops"]["after"] / told["flops"]["before"] == pytest.approx(0.5, rel=0.02)
        until(lambda: task_status(moved, tid), lambda status: status == 15)
        moved.ok("PUT", "/project/task/train", tid=tid, act="stop")
        moved.ok("POST", "/project/task/evaluate", tid=tid)
        until(lambda: task_status(moved, tid), lambda status: status == 5)
    finally:
        moved.close()


def test_a_pruned_training_needs_one_goal_that_can_be_reached(trained: Trained) -> None:
    server = trained.server
    tid = child(trained)

    def refused(**goal: float) -> str:
        return server.refused("POST", "/project/task/train", tid=tid, **goal)

    assert "say how much" in refused()
    assert "one of the two" in refused(pruned_flops=0.3, eval_metric_loss=0.1)
    assert "more than 0 and less than 1" in refused(pruned_flops=1.0)
    assert "more than 0 and at most 1" in refused(eval_metric_loss=0.0)
    assert task_status(server, tid) == 1
    server.ok("POST", "/project/task/train", tid=tid, pruned_flops=0.9999)
    failed = until(lambda: server.ok("GET", "/project/task", tid=tid), lambda answer: answer["task_status"] == 10)
    assert "at most" in failed["message"]


def test_the_parent_must_be_trained_and_of_the_same_model(trained: Trained) -> None:
    server = trained.server
    other = child(trained, model="PPLCNet")
    refusal = server.refused("POST", "/project/task/train", tid=other, pruned_flops=0.3)
    assert "is MobileNetV3_small, but its parameters name PPLCNet" in refusal

    params = server.ok("GET", "/project/task/params", tid=trained.tid)["train"]
    fresh = server.ok("POST", "/project/task", pid=trained.pid, train=params)["tid"]
    orphan = server.ok("POST", "/project/task", pid=trained.pid, train=params, parent_id=fresh)["tid"]
    assert "has no trained model" in server.refused("POST", "/project/task/train", tid=orphan, pruned_flops=0.3)
    assert "has no trained model" in server.refused("POST", "/project/task/prune", tid=orphan)
    assert "not been analysed" not in server.refused("POST", "/project/task/train", tid=orphan, eval_metric_loss=0.3)
    server.ok("DELETE", "/project/task", tid=fresh)
    assert "not there any more" in server.refused("POST", "/project/task/train", tid=orphan, pruned_flops=0.3)
