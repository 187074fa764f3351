"""Every system call of every kind of change is made to fail, and to be the last one of the process."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.workspace import Workspace, statefile
from tests.workspace.faults import Died, FaultyOs, PowerlessOs

State = dict[str, str]


def _state(workspace: Workspace) -> State:
    entries = (
        *workspace.datasets(),
        *workspace.projects(),
        *workspace.tasks(),
        *workspace.pretrained_models(),
        *workspace.exported_models(),
    )
    for entry in entries:
        if not entry.id.startswith("EM"):
            assert workspace.folder(entry).is_dir(), f"{entry.id} has no folder"
            assert (workspace.folder(entry) / "info.pb").is_file(), f"{entry.id} has no info.pb"
    return {entry.id: f"{entry.name} {getattr(entry, 'did', '')}" for entry in entries}


def _delete(entry_id: str) -> Callable[[Workspace], None]:
    return lambda workspace: workspace.delete(entry_id)


OPERATIONS: dict[str, tuple[Callable[[Workspace], object], State | None]] = {
    "create dataset": (lambda w: w.create_dataset("new", "", "t"), {"D0003": "new "}),
    "create project": (lambda w: w.create_project("new", "", "t"), {"P0002": "new "}),
    "create task": (lambda w: w.create_task("P0001", "new", ""), {"T0003": "new "}),
    "create pretrained": (lambda w: w.create_pretrained_model("new", "m", "t", "P", "T"), {"PM0002": "new "}),
    "create exported": (lambda w: w.create_exported_model("new", "m", "t", "P", "T", "/x", 1), {"EM0002": "new "}),
    "update": (lambda w: w.update("P0001", name="new"), {"P0001": "new D0001"}),
    "delete dataset": (_delete("D0002"), None),
    "delete project": (_delete("P0001"), None),
    "delete pretrained": (_delete("PM0001"), None),
    "delete exported": (_delete("EM0001"), None),
}
GONE = {
    "delete dataset": {"D0002"},
    "delete project": {"P0001", "T0001", "T0002"},
    "delete pretrained": {"PM0001"},
    "delete exported": {"EM0001"},
}


@pytest.fixture(autouse=True, params=["written behind", "written anew"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a change be written behind the entries, or let the file grow with each, which takes one more call."""
    if request.param == "written anew":
        monkeypatch.setattr(statefile, "room", lambda size: 0)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two of each."""
    root = tmp_path_factory.mktemp("prepared") / "workspace"
    workspace = Workspace.open(root)
    for name in ("one", "two"):
        workspace.create_dataset(name, "", "t")
    workspace.create_project("p", "", "t")
    workspace.update("P0001", did="D0001")
    for name in ("one", "two"):
        workspace.create_task("P0001", name, "")
    workspace.create_pretrained_model("pm", "m", "t", "P0001", "T0001")
    workspace.create_exported_model("em", "m", "t", "P0001", "T0001", "/models", 5)
    workspace.close()
    return root


def _expected(before: State, name: str) -> State:
    _, changed = OPERATIONS[name]
    return {key: value for key, value in {**before, **(changed or {})}.items() if key not in GONE.get(name, set())}


@pytest.mark.parametrize("kind", [FaultyOs, PowerlessOs])
@pytest.mark.parametrize("name", OPERATIONS)
def test_death_at_any_system_call_leaves_a_whole_state(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: type[FaultyOs]
) -> None:
    seen = []
    for at in range(100):
        root = tmp_path / f"dies at {at}"
        shutil.copytree(prepared, root)
        workspace = Workspace.open(root)
        before = _state(workspace)
        after = _expected(before, name)
        faulty = kind(at, dies=True)
        acknowledged = False
        with monkeypatch.context() as patch:
            patch.setattr(durable, "os", faulty)
            try:
                OPERATIONS[name][0](workspace)
                acknowledged = True
            except Died:
                pass
        workspace._lock.release()  # as the operating system does
        faulty.lose_what_was_not_synced()
        again = Workspace.open(root)
        found = _state(again)
        assert found == after if acknowledged else found in (before, after)
        seen.append(found == after)
        # It works on, and gives no id a second time.
        assert again.create_dataset("next", "", "t") not in found
        again.close()
        if not faulty.reached:
            break
    assert not faulty.reached
    assert at > 5
    assert seen == sorted(seen), "once it is done it stays done"
    assert not seen[0]
    assert seen[-1]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_failure_of_any_system_call_changes_all_or_nothing(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    refused = 0
    for at in range(100):
        root = tmp_path / f"fails at {at}"
        shutil.copytree(prepared, root)
        workspace = Workspace.open(root)
        before = _state(workspace)
        faulty = FaultyOs(at, dies=False)
        with monkeypatch.context() as patch:
            patch.setattr(durable, "os", faulty)
            try:
                OPERATIONS[name][0](workspace)
                expected = _expected(before, name)
            except UserError as error:
                assert "No space left on device" in str(error)
                expected = before
                refused += 1
        assert _state(workspace) == expected
        # A crash now must show the same, whatever the failed save left behind.
        copy = tmp_path / f"copy {at}"
        shutil.copytree(root, copy)
        crashed = Workspace.open(copy)
        assert _state(crashed) == expected
        crashed.close()
        # The disk has room again: the same server goes on.
        made = workspace.create_dataset("next", "", "t")
        workspace.close()
        again = Workspace.open(root)
        assert _state(again) == {**expected, made: "next "}
        again.close()
        if not faulty.reached:
            break
    assert not faulty.reached
    # Whatever came before the first copy was written, and its own calls.
    assert refused >= 4


def test_death_while_recovering_loses_nothing(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Workspace.open(prepared)
    expected = _state(whole)
    whole.close()
    for at in range(100):
        root = tmp_path / str(at)
        shutil.copytree(prepared, root)
        (root / "workspace.restful.pb").write_bytes(b"torn")
        faulty = FaultyOs(at, dies=True)
        with monkeypatch.context() as patch:
            patch.setattr(durable, "os", faulty)
            with contextlib.suppress(Died):
                Workspace.open(root).close()
        again = Workspace.open(root)
        assert _state(again) == expected
        again.close()
        if not faulty.reached:
            break
    assert at > 5
    assert not faulty.reached
