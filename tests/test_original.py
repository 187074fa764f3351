"""A workspace that the original server left is opened, used and kept as it was."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import yaml

from paddlex_restful.params import default_params
from paddlex_restful.training.classification.nets import build_net
from paddlex_restful.workspace import workspace_pb2 as pb
from tests.conftest import Server
from tests.flow import TINY, task, train
from tests.images import make_classification

ELSEWHERE = "/home/somebody/workspace"
TIME = "2021-08-01 12:00:00"


def leave_workspace(folder: Path) -> Path:
    """Write what the original server leaves: one dataset that is split, one project, one trained and one new task."""
    dataset = folder / "datasets" / "D0001"
    make_classification(dataset, per_class=6, size=32, classes=("cat", "dog"))
    lines = [f"{name}/{number:04d}.png {label}\n" for label, name in enumerate(("cat", "dog")) for number in range(6)]
    (dataset / "labels.txt").write_text("cat\ndog\n")
    (dataset / "train_list.txt").write_text("".join(lines[::2]))
    (dataset / "val_list.txt").write_text("".join(lines[1::2]))
    (dataset / "statis.pkl").write_bytes(pickle.dumps({"labels": ["cat", "dog"]}))
    (dataset / "XSPLITED").write_text("\n")
    for tid, status in (("T0001", "XTRAINDONE"), ("T0002", "XINIT")):
        task = folder / "projects" / "P0001" / tid
        task.mkdir(parents=True)
        (task / status).write_text("\n")
        params = {**default_params("classification"), **TINY, "num_epochs": 1}
        (task / "params.pkl").write_bytes(pickle.dumps(params))
    workspace = pb.Workspace(version="0.2.0", path=ELSEWHERE, max_dataset_id=1, max_project_id=1, max_task_id=2)
    workspace.datasets["D0001"].CopyFrom(
        pb.Dataset(
            id="D0001",
            name="旧数据",
            type="classification",
            path=f"{ELSEWHERE}/datasets/D0001",
            create_time=TIME,
        )
    )
    workspace.projects["P0001"].CopyFrom(
        pb.Project(
            id="P0001",
            name="旧项目",
            type="classification",
            did="D0001",
            path=f"{ELSEWHERE}/projects/P0001",
            create_time=TIME,
        )
    )
    for tid in ("T0001", "T0002"):
        path = f"{ELSEWHERE}/projects/P0001/{tid}"
        workspace.tasks[tid].CopyFrom(pb.Task(id=tid, pid="P0001", path=path, create_time=TIME))
    (folder / "workspace.newest.pb").write_bytes(workspace.SerializeToString())
    return folder


def leave_trained_model(folder: Path) -> None:
    """Write a checkpoint in the form of the original: numpy arrays in a pickle, and its own ``model.yml``."""
    weights = {name: value.numpy() for name, value in build_net(TINY["model"], 2).state_dict().items()}
    info = {
        "Model": TINY["model"],
        "_Attributes": {"model_type": "classifier", "num_classes": 2, "labels": ["cat", "dog"]},
        "_init_params": {"num_classes": 2},
        "Transforms": [{"ResizeByShort": {"short_size": 36}}, {"CenterCrop": {"crop_size": 32}}],
        "completed_epochs": 1,
    }
    folder.mkdir(parents=True)
    (folder / "model.pdparams").write_bytes(pickle.dumps(weights, protocol=2))
    (folder / "model.yml").write_text(yaml.safe_dump(info))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_original_workspace_is_shown_as_it_was_and_trains_on(tmp_path: Path) -> None:
    left = contents(leave_workspace(tmp_path / "workspace"))
    server = Server(tmp_path)
    try:
        for _ in range(2):
            shown = server.ok("GET", "/dataset", did="D0001")
            assert shown["dataset_status"] == 6
            assert shown["attr"]["name"] == "旧数据"
            assert shown["attr"]["path"] == str(tmp_path / "workspace" / "datasets" / "D0001")
            assert server.ok("GET", "/project", id="P0001")["attr"]["did"] == "D0001"
            statuses = {task["id"]: task["status"] for task in server.ok("GET", "/project/task")["tasks"]}
            assert statuses == {"T0001": 4, "T0002": 1}
            assert server.ok("GET", "/project/task/params", tid="T0002")["train"]["model"] == TINY["model"]
            server.restart()
        details = server.ok("GET", "/dataset/details", did="D0001")["details"]
        assert details["labels"] == ["cat", "dog"]
        assert (len(details["train_files"]), len(details["val_files"])) == (6, 6)
        train(server, "T0002")
        assert server.ok("POST", "/project/task", pid="P0001")["tid"] == "T0003"
    finally:
        server.close()
    now = contents(tmp_path / "workspace")
    changed = [name for name, data in left.items() if now.get(name) != data]
    assert changed == []


def test_a_model_of_the_original_server_starts_another_training_and_says_that_it_does_no_more(tmp_path: Path) -> None:
    old = leave_workspace(tmp_path / "workspace") / "projects" / "P0001" / "T0001"
    (old / "XTRAINDONE").rename(old / "XTRAINEXIT")
    for name in ("best_model", "epoch_1"):
        leave_trained_model(old / "output" / name)
    server = Server(tmp_path)
    try:
        assert server.ok("GET", "/project/task", tid="T0001", resume=True)["resumable"] is False
        assert "saved epoch" in server.refused("PUT", "/project/task/train", tid="T0001", act="resume")
        best = old / "output" / "best_model"
        for path, args in (("evaluate", {}), ("evaluate", {"epoch": 1}), ("export", {"save_dir": str(tmp_path / "e")})):
            refusal = server.refused("POST", f"/project/task/{path}", tid="T0001", **args)
            assert "original server" in refusal
            assert "pretrain_weights" in refusal
        tid = task(server, "P0001", num_epochs=1, pretrain_weights=str(best))
        train(server, tid)
        log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
        lines = " ".join(server.ok("GET", "/file", path=log["log_file"])["log"])
        filled = re.search(r"Filled (\d+) of (\d+) weights", lines)
        assert filled is not None, lines
        assert filled[1] == filled[2]
    finally:
        server.close()
