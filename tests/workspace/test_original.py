"""A workspace that the original server left is opened, and its files stay as they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paddlex_restful.workspace import original_statuses
from paddlex_restful.workspace import workspace_pb2 as pb
from tests.workspace.conftest import Opener


def _status(folder: Path, name: str, message: str = "") -> None:
    (folder / name).write_text(f"{message}\n", encoding="utf-8")


def _left_by_the_original(root: Path, old: str) -> pb.Workspace:
    """Two datasets, a project with two tasks, a saved and two exported models; ``old`` is where it lay then."""
    sep = "\\" if "\\" in old else "/"
    message = pb.Workspace(version="0.2.0", path=old, current_time="2022-05-01 10:00:00")
    message.max_dataset_id, message.max_project_id, message.max_task_id = 4, 1, 7
    message.max_pretrained_model_id, message.max_exported_model_id = 1, 2
    time = "2022-05-01 09:00:00"
    for did in ("D0001", "D0004"):
        path = sep.join((old, "datasets", did))
        message.datasets[did].CopyFrom(
            pb.Dataset(id=did, name=f"数据 {did}", desc="d", type="classification", path=path, create_time=time)
        )
    path = sep.join((old, "projects", "P0001"))
    message.projects["P0001"].CopyFrom(
        pb.Project(id="P0001", name="p", type="classification", did="D0001", path=path, create_time=time)
    )
    for tid in ("T0001", "T0007"):
        message.tasks[tid].CopyFrom(pb.Task(id=tid, pid="P0001", path=f"{path}{sep}{tid}", create_time=time))
    message.pretrained_models["PM0001"].CopyFrom(
        pb.PretrainedModel(id="PM0001", name="m", pid="P0001", tid="T0001", path=sep.join((old, "pretrain", "PM0001")))
    )
    message.exported_models["EM0001"].CopyFrom(
        pb.ExportedModel(id="EM0001", name="in", path=f"{path}{sep}T0001{sep}inference", exported_type=5)
    )
    message.exported_models["EM0002"].CopyFrom(pb.ExportedModel(id="EM0002", name="out", path="/exports/model"))

    for entry in (*message.datasets.values(), *message.projects.values(), *message.tasks.values()):
        folder = root / entry.path[len(old) + 1 :].replace("\\", "/")
        folder.mkdir(parents=True)
        (folder / "info.pb").write_bytes(entry.SerializeToString())
    (root / "pretrain/PM0001").mkdir(parents=True)
    _status(root / "datasets/D0001", "XSPLITED")
    (root / "datasets/D0001/statis.pkl").write_bytes(b"\x80\x03}.")
    _status(root / "datasets/D0004", "XCHECKFAIL", "图片打不开")
    for tid, status in (("T0001", "XTRAINDONE"), ("T0007", "XTRAINFAIL")):
        _status(root / "projects/P0001" / tid, status)
        (root / "projects/P0001" / tid / "params.pkl").write_bytes(b"\x80\x03}.")
    _status(root / "pretrain/PM0001", "XPSAVEDONE")
    return message


def _contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("old", ["/home/someone/工作", "D:\\Work space"])
@pytest.mark.parametrize("name", ["workspace.newest.pb", "workspace.stable.pb", "workspace.bak.pb", "workspace.pb"])
def test_entries_are_taken_over_with_paths_of_this_machine(root: Path, reopen: Opener, old: str, name: str) -> None:
    root.mkdir()
    message = _left_by_the_original(root, old)
    (root / name).write_bytes(message.SerializeToString())
    before = _contents(root)
    workspace = reopen()
    assert workspace.opened_original
    assert [dataset.name for dataset in workspace.datasets()] == ["数据 D0001", "数据 D0004"]
    assert [dataset.split for dataset in workspace.datasets()] == [True, False]
    assert workspace.project("P0001").did == "D0001"
    assert [task.path for task in workspace.tasks_of("P0001")] == ["projects/P0001/T0001", "projects/P0001/T0007"]
    assert all(task.configured for task in workspace.tasks())
    assert workspace.folder(workspace.task("T0001")) == root / "projects/P0001/T0001"
    assert workspace.pretrained_model("PM0001").path == "pretrain/PM0001"
    assert [model.path for model in workspace.exported_models()] == ["projects/P0001/T0001/inference", "/exports/model"]
    after = _contents(root)
    assert {path: after[path] for path in before} == before
    assert workspace.create_dataset("next", "", "detection") == "D0005"
    assert workspace.create_task("P0001", "next", "") == "T0008"
    assert workspace.create_pretrained_model("n", "m", "t", "P0001", "T0001") == "PM0002"
    assert workspace.create_exported_model("n", "m", "t", "P0001", "T0001", "/x", 1) == "EM0003"


def test_it_is_the_original_once_and_ours_from_the_first_change(root: Path, reopen: Opener) -> None:
    root.mkdir()
    (root / "workspace.newest.pb").write_bytes(_left_by_the_original(root, "/old").SerializeToString())
    workspace = reopen()
    workspace._lock.release()  # as a crash does: nothing is written any more
    workspace._commits.close()
    assert reopen().opened_original
    workspace = reopen()
    assert not workspace.opened_original
    workspace.delete("D0004")
    workspace.update("D0001", name="renamed")
    again = reopen()
    assert not again.opened_original
    assert [dataset.name for dataset in again.datasets()] == ["renamed"]


def test_what_the_file_missed_is_taken_from_the_folders(root: Path, reopen: Opener) -> None:
    root.mkdir()
    message = _left_by_the_original(root, "/old")
    del message.tasks["T0007"]
    del message.datasets["D0004"]
    message.projects["P0001"].did = ""
    message.max_task_id = 1
    (root / "workspace.newest.pb").write_bytes(message.SerializeToString())
    (root / ".pb.success").touch()
    workspace = reopen()
    assert [task.id for task in workspace.tasks()] == ["T0001", "T0007"]
    assert workspace.task("T0007").configured
    assert [dataset.id for dataset in workspace.datasets()] == ["D0001", "D0004"]
    assert workspace.project("P0001").did == "D0001"
    assert workspace.create_task("P0001", "n", "") == "T0008"


def test_a_file_torn_by_the_originals_death_gives_way_to_an_older_one(root: Path, reopen: Opener) -> None:
    root.mkdir()
    whole = _left_by_the_original(root, "/old").SerializeToString()
    (root / "workspace.newest.pb").write_bytes(whole[: len(whole) // 2])
    (root / "workspace.stable.pb").write_bytes(whole)
    workspace = reopen()
    assert len(workspace.exported_models()) == 2
    assert len(workspace.tasks()) == 2


def test_folders_alone_are_enough(root: Path, reopen: Opener) -> None:
    root.mkdir()
    _left_by_the_original(root, "/old")
    workspace = reopen()
    assert workspace.opened_original
    assert len(workspace.datasets()) == len(workspace.tasks()) == 2
    assert workspace.dataset("D0001").split


def test_hostile_entries_of_an_original_file_are_left_out(root: Path, reopen: Opener, tmp_path: Path) -> None:
    root.mkdir()
    (tmp_path / "precious").mkdir()
    message = _left_by_the_original(root, "/old")
    for key, entry in (
        ("../../precious", pb.Dataset(id="../../precious", path="/")),
        ("D0002", pb.Dataset(id="D0003")),
        ("D0003", pb.Dataset(id="D0003", path=str(tmp_path / "precious"))),
    ):
        message.datasets[key].CopyFrom(entry)
    message.tasks["T0002"].CopyFrom(pb.Task(id="T0002", pid="../../.."))
    message.tasks["T0003"].CopyFrom(pb.Task(id="T0003", pid="P0009"))
    message.datasets["D0001"].path = str(tmp_path / "precious")
    message.exported_models["EM0001"].path = "/old/../../precious"
    (root / "workspace.newest.pb").write_bytes(message.SerializeToString())
    workspace = reopen()
    assert [dataset.id for dataset in workspace.datasets()] == ["D0001", "D0004"]
    assert [task.id for task in workspace.tasks()] == ["T0001", "T0007"]
    workspace.update("P0001", did="")
    workspace.delete("D0001")
    assert (tmp_path / "precious").is_dir()
    assert not (root / "datasets/D0001").exists()


def test_the_newest_status_file_tells_the_status(tmp_path: Path) -> None:
    assert original_statuses(tmp_path) is None
    assert original_statuses(tmp_path / "missing") is None
    (tmp_path / "XUNKNOWN").write_text("")
    _status(tmp_path, "XTRAINING", "4711")
    _status(tmp_path, "XTRAINDONE")
    os.utime(tmp_path / "XTRAINING", (1, 1))
    assert original_statuses(tmp_path) == ("XTRAINDONE", "")
    _status(tmp_path, "XEVALUATEFAIL", "显存不足\n第二行")
    os.utime(tmp_path / "XTRAINDONE", (2, 2))
    assert original_statuses(tmp_path) == ("XEVALUATEFAIL", "显存不足\n第二行")
    (tmp_path / "XEVALUATEFAIL").write_bytes("显存".encode("gbk"))
    found = original_statuses(tmp_path)
    assert found is not None
    assert found[0] == "XEVALUATEFAIL"
