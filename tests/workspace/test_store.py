"""Entries: made, read, changed, deleted."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.workspace import Draft, Workspace
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import DATASET, MAX_TEXT, TASK
from tests.workspace.conftest import Opener


def _project_with_task(workspace: Workspace) -> tuple[str, str, str]:
    did = workspace.create_dataset("digits", "scanned", "classification")
    pid = workspace.create_project("project", "", "classification")
    workspace.update(pid, did=did)
    return did, pid, workspace.create_task(pid, "task", "first try")


def test_created_entries_are_read_back_also_after_a_restart(workspace: Workspace, reopen: Opener) -> None:
    did, pid, tid = _project_with_task(workspace)
    assert (did, pid, tid) == ("D0001", "P0001", "T0001")
    for current in (workspace, reopen()):
        dataset, task = current.dataset(did), current.task(tid)
        assert (dataset.name, dataset.desc, dataset.type) == ("digits", "scanned", "classification")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", dataset.create_time)
        assert current.project(pid).did == did
        assert (task.pid, task.name, task.desc, task.parent_id) == (pid, "task", "first try", "")


def test_folders_hold_their_entry_and_lie_inside_the_workspace(workspace: Workspace) -> None:
    did, pid, tid = _project_with_task(workspace)
    pmid = workspace.create_pretrained_model("saved", "ResNet18", "classification", pid, tid)
    entries = [workspace.dataset(did), workspace.project(pid), workspace.task(tid), workspace.pretrained_model(pmid)]
    folders = ["datasets/D0001", "projects/P0001", "projects/P0001/T0001", "pretrain/PM0001"]
    for entry, relative in zip(entries, folders, strict=True):
        assert entry.path == relative
        assert workspace.folder(entry) == workspace.root / relative
        assert type(entry).FromString((workspace.root / relative / "info.pb").read_bytes()) == entry


def test_an_exported_model_is_kept_relative_inside_the_workspace_and_absolute_outside(
    workspace: Workspace, tmp_path: Path
) -> None:
    inside = workspace.root / "projects/P0001/T0001/export"
    first = workspace.create_exported_model("a", "ResNet18", "classification", "P0001", "T0001", inside, 5)
    second = workspace.create_exported_model("b", "ResNet18", "classification", "P0001", "T0001", tmp_path / "out", 2)
    assert workspace.exported_model(first).path == "projects/P0001/T0001/export"
    assert workspace.folder(workspace.exported_model(first)) == inside
    assert workspace.folder(workspace.exported_model(second)) == tmp_path / "out"
    assert [model.id for model in workspace.exported_models()] == ["EM0001", "EM0002"]
    workspace.delete(first)
    assert workspace.create_exported_model("c", "m", "t", "P0001", "T0001", inside, 5) == "EM0003"


def test_a_missing_entry_is_named(workspace: Workspace) -> None:
    for lookup, entry_id in (
        (workspace.dataset, "D0009"),
        (workspace.project, "../etc"),
        (workspace.task, ""),
        (workspace.pretrained_model, "PM0001\n"),
        (workspace.exported_model, "D0001"),
        (workspace.delete, "D0002"),
        (workspace.delete, "../../etc"),
        (workspace.delete, "D01"),
    ):
        with pytest.raises(UserError, match="There is no"):
            lookup(entry_id)
    assert len(workspace.state.datasets) == 0
    with pytest.raises(UserError, match="There is no project P0009"):
        workspace.create_task("P0009", "t", "")


def test_ids_are_never_given_twice(workspace: Workspace, reopen: Opener) -> None:
    did, pid, _ = _project_with_task(workspace)
    workspace.delete(pid)
    workspace.delete(did)
    again = reopen()
    assert again.create_dataset("n", "", "t") == "D0002"
    pid = again.create_project("n", "", "t")
    assert pid == "P0002"
    assert again.create_task(pid, "n", "") == "T0002"


def test_ids_grow_beyond_four_digits(workspace: Workspace, reopen: Opener) -> None:
    workspace.change(lambda draft: draft.note(DATASET, 9_998))
    again = reopen()
    made = [again.create_dataset("n", "", "t") for _ in range(3)]
    assert made == ["D9999", "D10000", "D10001"]
    assert [dataset.id for dataset in again.datasets()] == made


def test_a_folder_that_somebody_put_in_the_way_is_left_alone(workspace: Workspace) -> None:
    theirs = workspace.root / "datasets/D0001"
    theirs.mkdir()
    (theirs / "photo.jpg").write_bytes(b"x")
    assert workspace.create_dataset("n", "", "t") == "D0002"
    assert [path.name for path in theirs.iterdir()] == ["photo.jpg"]


def test_update_changes_entry_and_info_file(workspace: Workspace, reopen: Opener) -> None:
    did, _, _ = _project_with_task(workspace)
    workspace.update(did, name="новый 名", split=True)
    info = pb.Dataset.FromString((workspace.folder(workspace.dataset(did)) / "info.pb").read_bytes())
    assert (info.name, info.split) == ("новый 名", True)
    assert (reopen().dataset(did).name, reopen().dataset(did).split) == ("новый 名", True)


def test_a_project_is_bound_only_to_a_dataset_of_its_type(workspace: Workspace) -> None:
    did = workspace.create_dataset("d", "", "detection")
    pid = workspace.create_project("p", "", "classification")
    with pytest.raises(UserError, match="made for detection"):
        workspace.update(pid, did=did, name="changed")
    with pytest.raises(UserError, match="There is no dataset D0009"):
        workspace.update(pid, did="D0009")
    assert (workspace.project(pid).did, workspace.project(pid).name) == ("", "p")


def test_text_that_cannot_be_stored_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="field name"):
        workspace.create_dataset("\ud800", "", "t")
    with pytest.raises(UserError, match="field desc is longer"):
        workspace.create_dataset("n", "x" * (MAX_TEXT + 1), "t")
    did = workspace.create_dataset("n", "", "t")
    with pytest.raises(UserError, match="field name"):
        workspace.update(did, desc="kept back", name="\udfff")
    assert workspace.dataset(did).desc == ""
    assert len(list((workspace.root / "datasets").iterdir())) == 1


def test_tasks_and_projects_are_listed_oldest_first_by_their_owner(workspace: Workspace) -> None:
    did, pid, _ = _project_with_task(workspace)
    other = workspace.create_project("other", "", "classification")
    workspace.update(other, did=did)
    for name in "abc":
        workspace.create_task(pid, name, "")
    assert [task.id for task in workspace.tasks_of(pid)] == ["T0001", "T0002", "T0003", "T0004"]
    assert workspace.tasks_of(other) == []
    assert [project.id for project in workspace.projects_of(did)] == [pid, other]
    assert [project.id for project in workspace.projects()] == [pid, other]
    workspace.update(other, did="")
    assert [project.id for project in workspace.projects_of(did)] == [pid]


def test_delete_removes_the_folder_and_with_a_project_its_tasks(workspace: Workspace, reopen: Opener) -> None:
    did, pid, tid = _project_with_task(workspace)
    folder = workspace.folder(workspace.task(tid))
    (folder / "output").mkdir()
    (folder / "output/model.pdparams").write_bytes(b"x")
    workspace.delete(pid)
    assert not (workspace.root / "projects/P0001").exists()
    for current in (workspace, reopen()):
        assert current.tasks() == []
        with pytest.raises(UserError):
            current.project(pid)
        assert current.dataset(did).id == did
    assert list(reopen().state.leftovers) == []


def test_a_folder_that_was_only_taken_out_goes_with_the_next_opening(workspace: Workspace, reopen: Opener) -> None:
    did, pid, tid = _project_with_task(workspace)
    folder = workspace.folder(workspace.task(tid))
    assert workspace.take_out(pid) == f"projects/{pid}"
    assert (workspace.projects(), workspace.tasks(), folder.is_dir()) == ([], [], True)
    again = reopen()
    assert (again.projects(), again.tasks(), folder.exists()) == ([], [], False)
    assert again.dataset(did).id == did


def test_a_bound_dataset_is_not_deleted(workspace: Workspace) -> None:
    did, pid, _ = _project_with_task(workspace)
    with pytest.raises(UserError, match=pid):
        workspace.delete(did)
    assert workspace.folder(workspace.dataset(did)).is_dir()
    workspace.delete(pid)
    workspace.delete(did)
    assert workspace.datasets() == []


def test_delete_removes_a_symbolic_link_and_not_what_it_leads_to(workspace: Workspace, tmp_path: Path) -> None:
    did = workspace.create_dataset("d", "", "t")
    precious = tmp_path / "precious"
    workspace.folder(workspace.dataset(did)).rename(precious)
    (precious / "photo.jpg").write_bytes(b"x")
    (workspace.root / "datasets" / did).symlink_to(precious)
    workspace.delete(did)
    assert (precious / "photo.jpg").exists()
    assert not (workspace.root / "datasets" / did).is_symlink()


def test_delete_leaves_files_alone_when_the_home_of_folders_leads_out(
    workspace: Workspace, tmp_path: Path, reopen: Opener
) -> None:
    did = workspace.create_dataset("d", "", "t")
    elsewhere = tmp_path / "elsewhere"
    (workspace.root / "datasets").rename(elsewhere)
    (workspace.root / "datasets").symlink_to(elsewhere)
    workspace.delete(did)
    assert (elsewhere / did / "info.pb").exists()


def test_a_hostile_path_in_an_entry_leads_nowhere(workspace: Workspace, tmp_path: Path, reopen: Opener) -> None:
    did = workspace.create_dataset("d", "", "t")
    precious = tmp_path / "precious"
    precious.mkdir()

    def poison(draft: Draft) -> None:
        draft.put(DATASET, pb.Dataset(id=did, path=str(precious)))
        draft.state.leftovers.extend(
            [str(precious), "../precious", "datasets/../../precious", "datasets", "pretrain/x"]
        )

    workspace.change(poison)
    assert workspace.folder(workspace.dataset(did)) == workspace.root / "datasets" / did
    workspace.delete(did)
    workspace.close()
    with pytest.raises(UserError, match="shutting down"):
        workspace.change(lambda draft: None)
    again = reopen()
    assert precious.is_dir()
    assert (again.root / "datasets").is_dir()
    assert list(again.state.leftovers) == []


def test_a_folder_that_cannot_be_removed_is_removed_at_the_next_start(
    workspace: Workspace, reopen: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    did = workspace.create_dataset("d", "", "t")
    folder = workspace.folder(workspace.dataset(did))
    (folder / "photo.jpg").write_bytes(b"x")
    with monkeypatch.context() as patch:
        # Stands for a file that is held open on Windows, or an immutable one.
        patch.setattr("shutil.rmtree", _raise_busy)
        workspace.delete(did)
    assert folder.is_dir()
    assert reopen().datasets() == []
    assert not folder.exists()


def _raise_busy(path: Path) -> None:
    raise OSError(16, "Device or resource busy", str(path))


def test_a_published_state_stays_as_it_was_while_changes_go_on(workspace: Workspace) -> None:
    did = workspace.create_dataset("before", "", "t")
    seen = workspace.state
    workspace.update(did, name="after")
    assert seen.datasets[did].name == "before"
    assert workspace.state.datasets[did].name == "after"


def test_reading_does_not_wait_for_a_change_in_progress(workspace: Workspace) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(draft: Draft) -> None:
        inside.set()
        assert go_on.wait(10)

    writer = threading.Thread(target=workspace.change, args=[slow])
    writer.start()
    assert inside.wait(10)
    assert workspace.datasets() == []
    go_on.set()
    writer.join()


def test_ten_thousand_tasks_are_changed_listed_and_opened_again(workspace: Workspace, reopen: Opener) -> None:
    pid = workspace.create_project("p", "", "classification")
    tid = workspace.create_task(pid, "first", "")

    def fill(draft: Draft) -> None:
        for number in range(2, 10_001):
            each = f"T{number:04d}"
            draft.put(TASK, pb.Task(id=each, pid=pid, name=f"task {number}", path=f"projects/{pid}/{each}"))

    workspace.change(fill)
    workspace.update(tid, name="changed")
    for current in (workspace, reopen()):
        assert [task.id for task in current.tasks_of(pid)] == [f"T{number:04d}" for number in range(1, 10_001)]
        assert current.task(tid).name == "changed"
