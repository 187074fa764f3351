"""The envelope tells every damage; one whole copy is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.workspace import Workspace, statefile
from paddlex_restful.workspace.statefile import BACKUP, PRIMARY, StateFile, seal, unseal
from tests.workspace.conftest import Opener


def test_every_truncation_and_every_flipped_byte_is_noticed() -> None:
    whole = seal(b"the entries of a workspace")
    assert unseal(whole) == b"the entries of a workspace"
    for length in range(len(whole)):
        assert unseal(whole[:length]) is None
        altered = bytearray(whole)
        altered[length] ^= 0x10
        try:
            assert unseal(bytes(altered)) is None
        except statefile.NewerFormatError:
            assert 8 <= length < 12  # the version itself
    assert unseal(whole + b"x") is None
    assert unseal(b"") is None


def test_any_torn_copy_loses_nothing(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.save(b"old")
    file.save(b"newest")
    for name in (PRIMARY, BACKUP):
        whole = (tmp_path / name).read_bytes()
        for length in range(len(whole)):
            (tmp_path / name).write_bytes(whole[:length])
            loaded = StateFile(tmp_path).load()
            assert loaded.payload == b"newest"
            assert not loaded.whole
            (tmp_path / name).write_bytes(whole)
        (tmp_path / name).unlink()
        assert StateFile(tmp_path).load().payload == b"newest"
        (tmp_path / name).write_bytes(whole)
    assert StateFile(tmp_path).load().whole


@pytest.mark.parametrize("damaged", [PRIMARY, BACKUP])
def test_a_damaged_copy_is_set_aside_and_replaced(
    workspace: Workspace, root: Path, reopen: Opener, damaged: str, caplog: pytest.LogCaptureFixture
) -> None:
    emid = workspace.create_exported_model("kept", "ResNet18", "classification", "P0001", "T0001", "/models/x", 5)
    workspace.close()
    (root / damaged).write_bytes((root / damaged).read_bytes()[:-1])
    assert reopen().exported_model(emid).name == "kept"
    assert (root / f"{damaged}.damaged").exists()
    assert "damaged" in caplog.text
    assert unseal((root / PRIMARY).read_bytes()) == unseal((root / BACKUP).read_bytes()) is not None


def test_a_file_of_a_later_version_is_not_touched(workspace: Workspace, root: Path) -> None:
    workspace.create_dataset("d", "", "t")
    workspace.close()
    for name in (PRIMARY, BACKUP):
        data = bytearray((root / name).read_bytes())
        data[8] = 9
        (root / name).write_bytes(data)
    before = (root / PRIMARY).read_bytes()
    with pytest.raises(UserError, match="newer version"):
        Workspace.open(root)
    assert (root / PRIMARY).read_bytes() == before


def test_an_intact_workspace_is_opened_without_writing(workspace: Workspace, root: Path, reopen: Opener) -> None:
    workspace.create_dataset("d", "", "t")
    reopen()
    before = {path.name: path.stat().st_mtime_ns for path in root.iterdir() if path.name != "workspace.lock"}
    reopen()
    assert {path.name: path.stat().st_mtime_ns for path in root.iterdir() if path.name != "workspace.lock"} == before
