"""The envelope tells every damage; one whole copy is enough."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.workspace import Workspace, statefile
from paddlex_restful.workspace.statefile import BACKUP, PRIMARY, Envelope, StateFile, seal, unseal
from tests.workspace.conftest import Opener


def test_every_truncation_and_every_flipped_byte_is_noticed() -> None:
    content = Envelope(1 << 40, b"the entries of a workspace")
    whole = seal(content)
    assert unseal(whole) == content
    for length in range(len(whole)):
        assert unseal(whole[:length]) is None
        altered = bytearray(whole)
        altered[length] ^= 0x10
        try:
            assert unseal(bytes(altered)) is None
        except statefile.NewerFormatError:
            assert 8 <= length < 12  # the version itself
    assert unseal(whole + bytes(100)) == content
    assert unseal(whole + bytes(100) + b"x") is None
    assert unseal(b"") is None


def test_any_torn_copy_loses_nothing(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.save(b"old")
    file.save(b"newest")
    sealed = seal(Envelope(2, b"newest"))
    for name in (PRIMARY, BACKUP):
        whole = (tmp_path / name).read_bytes()
        assert whole.startswith(sealed)
        for length in range(len(sealed)):
            (tmp_path / name).write_bytes(whole[:length])
            loaded = StateFile(tmp_path).load()
            assert loaded.payload == b"newest"
            assert not loaded.whole
            (tmp_path / name).write_bytes(whole)
        (tmp_path / name).unlink()
        assert StateFile(tmp_path).load().payload == b"newest"
        (tmp_path / name).write_bytes(whole)
    assert StateFile(tmp_path).load().whole


@pytest.mark.parametrize("kept", [PRIMARY, BACKUP])
def test_the_newer_copy_counts_and_the_older_one_is_written_over_first(tmp_path: Path, kept: str) -> None:
    file = StateFile(tmp_path)
    file.save(b"old")
    older = (tmp_path / kept).read_bytes()
    file.save(b"new")
    # As if the process had died between the two.
    (tmp_path / kept).write_bytes(older)
    again = StateFile(tmp_path)
    loaded = again.load()
    assert loaded.payload == b"new"
    assert not loaded.whole

    written = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(durable, name)

        def overwrite(self, path: Path, data: bytes) -> None:
            written.append(path.name)
            durable.overwrite(path, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statefile, "durable", Watched())
        again.save(b"newest")
    assert written == [kept, *({PRIMARY, BACKUP} - {kept})]
    loaded = StateFile(tmp_path).load()
    assert (loaded.payload, loaded.whole) == (b"newest", True)


def test_entries_that_grow_and_shrink_are_held_whole(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    for size in (10, 100_000, 5, 16_384, 0, 300_000):
        payload = bytes([size % 251]) * size
        file.save(payload)
        loaded = StateFile(tmp_path).load()
        assert (loaded.payload, loaded.whole) == (payload, True)


def test_a_copy_that_is_deleted_meanwhile_is_made_again(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.save(b"old")
    (tmp_path / PRIMARY).unlink()
    (tmp_path / BACKUP).unlink()
    file.save(b"new")
    loaded = StateFile(tmp_path).load()
    assert (loaded.payload, loaded.whole) == (b"new", True)


def test_copies_of_the_first_version_are_read_and_followed(tmp_path: Path) -> None:
    payload = b"entries of before"
    sealed = struct.pack("<8sIQ32s", b"PDXREST\0", 1, len(payload), hashlib.sha256(payload).digest()) + payload
    for name in (PRIMARY, BACKUP):
        (tmp_path / name).write_bytes(sealed)
    file = StateFile(tmp_path)
    loaded = file.load()
    assert (loaded.payload, loaded.whole) == (payload, True)
    for length in range(len(sealed)):
        assert unseal(sealed[:length]) is None
    file.save(b"entries of now")
    # As if the process had died between the two.
    (tmp_path / BACKUP).write_bytes(sealed)
    assert StateFile(tmp_path).load().payload == b"entries of now"


@pytest.mark.parametrize("damaged", [PRIMARY, BACKUP])
def test_a_damaged_copy_is_set_aside_and_replaced(
    workspace: Workspace, root: Path, reopen: Opener, damaged: str, caplog: pytest.LogCaptureFixture
) -> None:
    emid = workspace.create_exported_model("kept", "ResNet18", "classification", "P0001", "T0001", "/models/x", 5)
    workspace.close()
    (root / damaged).write_bytes((root / damaged).read_bytes()[:100])
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
