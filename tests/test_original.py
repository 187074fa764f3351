"""A workspace that the original server left is opened, used and kept as it was."""

from __future__ import annotations

import pickle
from pathlib import Path

from paddlex_restful.params import default_params
from paddlex_restful.workspace import workspace_pb2 as pb
from tests.conftest import Server
from tests.flow import TINY, train
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
