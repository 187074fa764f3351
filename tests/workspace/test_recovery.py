"""What is found again when files are missing, and what stays gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paddlex_restful import durable
from paddlex_restful.workspace import Workspace
from paddlex_restful.workspace.statefile import BACKUP, PRIMARY
from tests.workspace.conftest import Opener


def _fill(workspace: Workspace) -> None:
    did = workspace.create_dataset("digits 数字", "d", "classification")
    pid = workspace.create_project("p", "", "classification")
    workspace.update(pid, did=did, name="bound")
    tid = workspace.create_task(pid, "t", "")
    workspace.update(tid, configured=True)
    workspace.update(did, split=True)
    workspace.create_task(pid, "u", "", parent_id=tid)
    workspace.create_pretrained_model("saved", "ResNet18", "classification", pid, tid)


def _state(workspace: Workspace) -> str:
    entries = [
        *workspace.datasets(),
        *workspace.projects(),
        *workspace.tasks(),
        *workspace.pretrained_models(),
        *workspace.exported_models(),
    ]
    return "\n".join(str(entry) for entry in entries)


@pytest.mark.parametrize("lost", [[PRIMARY], [BACKUP], [PRIMARY, BACKUP]])
@pytest.mark.parametrize("how", ["missing", "empty", "garbage"])
def test_nothing_is_lost_when_files_are(
    workspace: Workspace, root: Path, reopen: Opener, lost: list[str], how: str
) -> None:
    _fill(workspace)
    before = _state(workspace)
    workspace.close()
    for name in lost:
        if how == "missing":
            (root / name).unlink()
        else:
            (root / name).write_bytes(b"" if how == "empty" else b"\x0a\x05hello")
    again = reopen()
    assert _state(again) == before
    assert not again.opened_original
    assert again.create_task("P0001", "next", "") == "T0003"
    assert _state(reopen()).startswith(before.split("\n")[0])


@pytest.mark.parametrize("how", ["missing", "empty", "torn"])
def test_info_that_was_lost_with_the_power_is_made_again(workspace: Workspace, reopen: Opener, how: str) -> None:
    _fill(workspace)
    before = _state(workspace)
    infos = list(workspace.root.rglob("info.pb"))
    whole = [path.read_bytes() for path in infos]
    workspace.close()
    for path, content in zip(infos, whole, strict=True):
        if how == "missing":
            path.unlink()
        else:
            path.write_bytes(content[: len(content) // 2] if how == "torn" else b"")
    assert _state(reopen()) == before
    assert [path.read_bytes() for path in infos] == whole


def test_a_full_disk_does_not_keep_a_workspace_closed(
    workspace: Workspace, reopen: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(workspace)
    before = _state(workspace)
    workspace.close()
    (workspace.root / "datasets/D0001/info.pb").unlink()

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write_durably", full)
    assert _state(reopen()) == before


def test_a_deleted_entry_does_not_come_back(workspace: Workspace, root: Path, reopen: Opener) -> None:
    _fill(workspace)
    workspace.delete("T0001")
    workspace.delete("PM0001")
    before = _state(workspace)
    assert "T0001" not in [task.id for task in workspace.tasks()]
    for name in (PRIMARY, BACKUP):
        again = reopen()
        assert _state(again) == before
        again.close()
        (root / name).unlink()
        assert _state(reopen()) == before


def test_an_interrupted_deletion_is_finished(
    workspace: Workspace, reopen: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(workspace)

    class Died(BaseException):
        pass

    def die(path: Path) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", die)
        with pytest.raises(Died):
            workspace.delete("P0001")
    folder = workspace.root / "projects/P0001"
    assert (folder / "T0001/info.pb").exists()
    again = reopen()
    assert again.projects() == again.tasks() == []
    assert not folder.exists()


def test_a_folder_that_is_unknown_is_taken_in(workspace: Workspace, reopen: Opener) -> None:
    _fill(workspace)
    workspace.close()
    kept = workspace.root.parent / "kept"
    shutil.copytree(workspace.root / "projects", kept)
    again = reopen()
    again.delete("P0001")
    again.close()
    shutil.rmtree(workspace.root / "projects")
    shutil.copytree(kept, workspace.root / "projects")
    restored = reopen()
    assert [project.name for project in restored.projects()] == ["bound"]
    assert [task.id for task in restored.tasks_of("P0001")] == ["T0001", "T0002"]
    assert restored.task("T0001").configured


def test_the_beginning_of_a_creation_is_swept_up_and_strange_folders_are_left(
    workspace: Workspace, reopen: Opener
) -> None:
    workspace.close()
    begun, theirs = workspace.root / "datasets/D0005", workspace.root / "datasets/D0007"
    begun.mkdir()
    (begun / ".0123456789abcdef.tmp").write_bytes(b"half")
    (begun / "info.pb").touch()
    theirs.mkdir()
    (theirs / "photo.jpg").write_bytes(b"x")
    (workspace.root / "datasets/notes").mkdir()
    again = reopen()
    assert again.datasets() == []
    assert not begun.exists()
    assert (theirs / "photo.jpg").exists()
    assert again.create_dataset("n", "", "t") == "D0008"


def test_info_that_does_not_belong_to_its_folder_is_not_believed(workspace: Workspace, reopen: Opener) -> None:
    _fill(workspace)
    workspace.close()
    for strange in ("datasets/D0009", "datasets/D0010"):
        (workspace.root / strange).mkdir()
    shutil.copy(workspace.root / "datasets/D0001/info.pb", workspace.root / "datasets/D0009/info.pb")
    (workspace.root / "datasets/D0010/info.pb").write_bytes(b"\xff\xff\xff")
    assert [dataset.id for dataset in reopen().datasets()] == ["D0001"]


def test_a_moved_workspace_works(workspace: Workspace, tmp_path: Path) -> None:
    _fill(workspace)
    workspace.create_exported_model("e", "m", "t", "P0001", "T0001", workspace.root / "projects/P0001/T0001/out", 5)
    before = _state(workspace)
    workspace.close()
    moved = tmp_path / "elsewhere" / "moved"
    moved.parent.mkdir()
    workspace.root.rename(moved)
    again = Workspace.open(moved)
    assert _state(again) == before
    assert again.folder(again.task("T0001")) == moved / "projects/P0001/T0001"
    assert again.folder(again.exported_model("EM0001")) == moved / "projects/P0001/T0001/out"
    assert str(workspace.root).encode() not in (moved / PRIMARY).read_bytes()
    again.close()


def test_a_workspace_reached_through_a_link_is_the_same(workspace: Workspace, tmp_path: Path) -> None:
    _fill(workspace)
    workspace.close()
    (tmp_path / "link").symlink_to(workspace.root)
    again = Workspace.open(tmp_path / "link")
    assert again.root == workspace.root
    again.close()
