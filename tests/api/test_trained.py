"""What is done with a trained task, and with it again after it was trained anew: over HTTP against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from paddlex_restful import system
from paddlex_restful.params import read_params, write_params
from paddlex_restful.services import inputs
from tests.conftest import Server
from tests.flow import Trained, task, task_status, train, trained_task, until


@pytest.fixture
def queueing(tmp_path: Path) -> Iterator[Trained]:
    """A trained task on a server of the test's own that does one heavy job at a time."""
    server = Server(tmp_path, "--cpu_jobs", "1")
    yield trained_task(server, tmp_path / "shapes")
    server.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A trained task on a server of this module's own; tests may train it anew."""
    folder = tmp_path_factory.mktemp("trained")
    server = Server(folder)
    yield trained_task(server, folder / "shapes")
    server.close()


def evaluate(trained: Trained, **args: Any) -> dict[str, Any]:
    """Evaluate the task; gives the answer at the end."""
    trained.server.ok("POST", "/project/task/evaluate", tid=trained.tid, **args)
    return until(
        lambda: trained.server.ok("GET", "/project/task/evaluate", tid=trained.tid),
        lambda answer: answer["evaluate_status"] != 11,
    )


def output_of(trained: Trained) -> Path:
    """Where the task keeps its checkpoints."""
    return trained.server.workspace / "projects" / trained.pid / trained.tid / "output"


def test_figures_of_a_model_that_was_trained_anew_are_not_told(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    assert "not been evaluated" in server.refused("GET", "/project/task/evaluate/file", tid=tid)
    assert evaluate(trained)["evaluate_status"] == 5
    assert server.ok("GET", "/project/task/evaluate", tid=tid)["result"] is not None
    train(server, tid)
    after = server.ok("GET", "/project/task/evaluate", tid=tid)
    assert (after["evaluate_status"], after["result"]) == (4, None)
    assert "not been evaluated" in server.refused("GET", "/project/task/evaluate/file", tid=tid)


def test_the_report_of_an_evaluation_that_failed_says_so(trained: Trained) -> None:
    weights = output_of(trained) / "epoch_1" / "model.pdparams"
    whole = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(b"damaged")
    try:
        assert evaluate(trained, epoch=1)["evaluate_status"] == 12
    finally:
        weights.write_bytes(whole)
    refusal = trained.server.refused("GET", "/project/task/evaluate/file", tid=trained.tid)
    assert "damaged" in refusal
    assert "not been evaluated" not in refusal


def test_what_was_trained_to_its_end_is_not_resumed(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    before = sorted(path.name for path in output_of(trained).iterdir())
    assert server.ok("GET", "/project/task", tid=tid, resume=True)["resumable"] is False
    for epoch in (None, 2):
        assert "nothing left" in server.refused("PUT", "/project/task/train", tid=tid, act="resume", epoch=epoch)
    assert sorted(path.name for path in output_of(trained).iterdir()) == before


def test_arguments_of_pruning_do_not_hinder_an_ordinary_training(trained: Trained) -> None:
    tid = task(trained.server, trained.pid, num_epochs=1)
    trained.server.ok("POST", "/project/task/train", tid=tid, eval_metric_loss=0.1, pruned_flops=0.2)
    until(lambda: task_status(trained.server, tid), lambda status: status == 4)


def test_gpus_that_are_not_there_are_refused_with_the_parameters(trained: Trained) -> None:
    params = trained.server.ok("GET", "/project/task/params", pid=trained.pid)["train"]
    count = system.gpu_count()
    several = {**params, "cuda_visible_devices": f"{count},{count + 1}"}
    assert f"names GPU {count}, but the server has {count}" in trained.server.refused(
        "POST", "/project/task", pid=trained.pid, train=several, desc=""
    )


def test_what_was_trained_on_a_gpu_is_used_where_there_is_none(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    if system.gpu_count() == 0:
        file = output_of(trained).parent / "params.pkl"
        before = read_params(file)
        write_params(file, {**before, "cuda_visible_devices": "0"})
        assert evaluate(trained)["evaluate_status"] == 5
        write_params(file, before)
    monkeypatch.setattr(system, "gpu_count", lambda: 1)
    assert inputs.existing_gpus([0, 1]) == [0]
    assert inputs.existing_gpus([1]) == []


def test_an_export_waits_is_stopped_and_keeps_its_folder_and_a_model_in_training_is_not_copied(
    queueing: Trained, tmp_path: Path
) -> None:
    server, tid = queueing.server, queueing.tid
    other = task(server, queueing.pid, num_epochs=1)
    train(server, other)
    busy = task(server, queueing.pid, num_epochs=4000)
    server.ok("POST", "/project/task/train", tid=busy)
    before = task_status(server, tid)
    export = {"type": "infer", "save_dir": str(tmp_path / "out")}
    # The training holds the one place for heavy jobs, so that the export waits.
    server.ok("POST", "/project/task/export", tid=tid, **export)
    waiting = until(
        lambda: server.ok("GET", "/project/task/export", tid=tid),
        lambda seen: seen["message"] != "The model is being exported.",
    )
    assert (waiting["export_status"], waiting["model_name"]) == (6, None)
    assert tid in server.refused("POST", "/project/task/export", tid=other, **export)
    stopped = server.ok("PUT", "/project/task/export", tid=tid)
    assert stopped["export_status"] == server.ok("GET", "/project/task/export", tid=tid)["export_status"] == before
    assert task_status(server, tid) == before

    until(lambda: (output_of(queueing).parents[1] / busy / "output" / "best_model").is_dir(), bool)
    source = str(output_of(queueing).parents[1] / busy / "output" / "best_model")
    kept = {"pid": queueing.pid, "name": "kept", "type": "pretrained", "source_path": source}
    assert "at work" in server.refused("POST", "/model", tid=busy, **kept)
    server.ok("PUT", "/project/task/train", tid=busy, act="stop")
    assert server.ok("POST", "/model", tid=busy, **kept)["pmid"]

    server.ok("POST", "/project/task/export", tid=tid, **export)
    done = until(lambda: server.ok("GET", "/project/task/export", tid=tid), lambda seen: seen["export_status"] != 6)
    assert (done["export_status"], done["model_name"]) == (7, "MobileNetV3_small_x1_0")


def test_a_prediction_is_stopped_while_it_runs(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    image = str(next(trained.source.rglob("*.png")))
    server.ok("POST", "/project/task/predict", tid=tid, img_list=[image] * 20_000)
    until(lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda seen: seen["total_num"] > 0)
    stopped = server.ok("PUT", "/project/task/predict", tid=tid)
    assert stopped["predict_status"] == 2
    assert stopped["predict_num"] < stopped["total_num"] == 20_000


def test_files_of_a_model_are_served(trained: Trained) -> None:
    file = output_of(trained) / "best_model" / "model.yml"
    answer = requests.get(trained.server.url + "/model/file", params={"path": str(file)}, timeout=60)
    assert answer.content == file.read_bytes()


def test_a_model_is_kept_whole_or_told_to_be_lost(trained: Trained) -> None:
    server = trained.server
    tid = task(server, trained.pid, num_epochs=1)
    train(server, tid)
    home = server.workspace / "pretrain"
    kept = {"pid": trained.pid, "tid": tid, "name": "kept", "type": "pretrained"}
    source = output_of(trained).parents[1] / tid / "output" / "best_model"
    first = server.ok("POST", "/model", **kept, source_path=str(source))["pmid"]
    assert not [path for path in home.iterdir() if path.name.startswith(".")]
    second = server.ok("POST", "/model", **kept, source_path=str(home / first))["pmid"]
    names = {path.name for path in (home / second).iterdir()}
    assert names == {"info.pb", "details.json", "model.yml", "model.pdparams", "model.pdopt", "state.json"}
    assert (home / first / "info.pb").read_bytes() != (home / second / "info.pb").read_bytes()
    # What a crash between the entry and its files leaves.
    for file in (home / second).iterdir():
        if file.name != "info.pb":
            file.unlink()
    assert server.ok("GET", "/model", mid=second)["task_params"]
    server.ok("DELETE", "/project/task", tid=tid)
    assert tid in server.refused("GET", "/model", mid=second)
    assert server.ok("GET", "/model", mid=first)["task_params"]
    for pmid in (first, second):
        server.ok("DELETE", "/model", type="pretrained", pmid=pmid)


def test_an_export_that_is_listed_twice_goes_with_its_last_entry(trained: Trained) -> None:
    server = trained.server
    folder = server.workspace / "exports" / "twice"
    folder.mkdir(parents=True)
    (folder / "inference.yml").write_text("")
    listed = {"pid": trained.pid, "tid": trained.tid, "name": "twice", "type": "exported", "path": str(folder)}
    first, second = (server.ok("POST", "/model", **listed)["emid"] for _ in range(2))
    server.ok("DELETE", "/model", type="exported", emid=first)
    assert (folder / "inference.yml").is_file()
    server.ok("DELETE", "/model", type="exported", emid=second)
    assert not folder.exists()
