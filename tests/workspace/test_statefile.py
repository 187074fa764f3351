"""Two copies of the entries and of what was changed: one whole one is enough."""

from __future__ import annotations

import errno
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.workspace import Workspace, statefile
from paddlex_restful.workspace.envelope import unseal
from paddlex_restful.workspace.statefile import BACKUP, PRIMARY, Loaded, StateFile
from tests.workspace.conftest import Opener

COPIES = (PRIMARY, BACKUP)


def _unasked() -> bytes:
    raise AssertionError("the entries are not to be written anew")


def _opened(root: Path) -> StateFile:
    file = StateFile(root)
    assert file.load().whole
    return file


def _filled(root: Path) -> StateFile:
    """A file with an envelope and two records."""
    file = StateFile(root)
    file.save(b"entries")
    file.write(b"first", _unasked)
    file.write(b"second", _unasked)
    return file


def _used(path: Path) -> int:
    content = unseal(path.read_bytes())
    assert content is not None
    return content.end


class Watched:
    """Stands for ``durable``: it may refuse, and tells which files were written over."""

    def __init__(self, refused: str = "") -> None:
        self.written: list[str] = []
        self._refused = refused

    def __getattr__(self, name: str) -> Any:
        return getattr(durable, name)

    def overwrite(self, path: Path, data: bytes, place: int = 0) -> None:
        self.written.append(path.name)
        if path.name == self._refused:
            # A sync that fails: what was to be written is there, and may be there after a loss of power.
            self._refused = ""
            durable.overwrite(path, data, place)
            raise OSError(5, "Input/output error")
        durable.overwrite(path, data, place)


def test_changes_are_held_in_their_order_behind_the_entries(tmp_path: Path) -> None:
    file = _filled(tmp_path)
    assert StateFile(tmp_path).load() == Loaded(b"entries", (b"first", b"second"), True)
    file.save(b"anew")
    assert StateFile(tmp_path).load() == Loaded(b"anew", (), True)
    file.write(b"third", _unasked)
    again = _opened(tmp_path)
    again.write(b"fourth", _unasked)
    assert StateFile(tmp_path).load() == Loaded(b"anew", (b"third", b"fourth"), True)


def test_a_change_writes_nothing_but_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = StateFile(tmp_path)
    file.save(b"x" * 1_000_000)
    sizes = []
    overwrite = durable.overwrite

    def measured(path: Path, data: bytes, place: int = 0) -> None:
        sizes.append(len(data))
        overwrite(path, data, place)

    monkeypatch.setattr(durable, "overwrite", measured)
    for _ in range(100):
        file.write(b"change", _unasked)
    assert len(sizes) == 200
    assert max(sizes) < 100


def test_entries_are_written_anew_when_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statefile, "room", lambda size: 200)
    file = StateFile(tmp_path)
    file.save(b"")
    entries = b""
    anew = []

    def everything() -> bytes:
        anew.append(entries)
        return entries

    for number in range(50):
        change = bytes([number]) * (1 + number)
        entries += change
        file.write(change, everything)
        loaded = StateFile(tmp_path).load()
        assert loaded.whole
        assert loaded.payload is not None
        assert loaded.payload + b"".join(loaded.records) == entries
    assert 10 < len(anew) < 40


@pytest.mark.parametrize("name", COPIES)
def test_any_torn_copy_loses_nothing(tmp_path: Path, name: str) -> None:
    _filled(tmp_path)
    whole = (tmp_path / name).read_bytes()
    for length in range(_used(tmp_path / name)):
        for torn in (whole[:length], whole[:length].ljust(len(whole), b"\0")):
            (tmp_path / name).write_bytes(torn)
            assert StateFile(tmp_path).load() == Loaded(b"entries", (b"first", b"second"), False)
    (tmp_path / name).unlink()
    assert StateFile(tmp_path).load() == Loaded(b"entries", (b"first", b"second"), False)
    (tmp_path / name).write_bytes(whole)
    assert StateFile(tmp_path).load().whole


def test_what_was_torn_away_from_both_is_all_that_is_lost(tmp_path: Path) -> None:
    _filled(tmp_path)
    for name in COPIES:
        data = bytearray((tmp_path / name).read_bytes())
        data[_used(tmp_path / name) - 1] ^= 1
        (tmp_path / name).write_bytes(data)
    file = StateFile(tmp_path)
    assert file.load() == Loaded(b"entries", (b"first",), False)
    file.save(b"entries, first")
    assert StateFile(tmp_path).load() == Loaded(b"entries, first", (), True)


def _a_save(file: StateFile) -> None:
    file.save(b"anew")


def _a_change(file: StateFile) -> None:
    file.write(b"third", _unasked)


@pytest.mark.parametrize("kept", COPIES)
@pytest.mark.parametrize(
    ("write", "newer"),
    [
        (_a_save, Loaded(b"anew", (), False)),
        (_a_change, Loaded(b"entries", (b"first", b"second", b"third"), False)),
    ],
)
def test_the_newer_copy_counts_and_the_older_one_is_written_over_first(
    tmp_path: Path, kept: str, write: Callable[[StateFile], None], newer: Loaded
) -> None:
    file = _filled(tmp_path)
    older = (tmp_path / kept).read_bytes()
    write(file)
    # As if the process had died between the two.
    (tmp_path / kept).write_bytes(older)
    again = StateFile(tmp_path)
    assert again.load() == newer
    watched = Watched()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statefile, "durable", watched)
        again.write(b"fourth", lambda: b"newest")
    assert watched.written == [kept, *({*COPIES} - {kept})]
    assert StateFile(tmp_path).load() == Loaded(b"newest", (), True)


@pytest.mark.parametrize("write", [_a_save, _a_change])
def test_a_refused_change_is_gone_also_after_a_restart(tmp_path: Path, write: Callable[[StateFile], None]) -> None:
    file = _filled(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statefile, "durable", Watched(refused=PRIMARY))
        with pytest.raises(OSError, match="Input/output error"):
            write(file)
    assert StateFile(tmp_path).load() == Loaded(b"entries", (b"first", b"second"), True)
    file.write(b"another", _unasked)
    assert StateFile(tmp_path).load() == Loaded(b"entries", (b"first", b"second", b"another"), True)


@pytest.mark.parametrize("write", [_a_save, _a_change])
def test_a_change_that_one_copy_took_counts_and_the_other_follows(
    tmp_path: Path, write: Callable[[StateFile], None], caplog: pytest.LogCaptureFixture
) -> None:
    file = _filled(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statefile, "durable", Watched(refused=BACKUP))
        write(file)
    assert "could not be brought up to date" in caplog.text
    file.write(b"unneeded", lambda: b"everything")
    assert StateFile(tmp_path).load() == Loaded(b"everything", (), True)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


def _alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[_used(path) - 1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("write", [_a_save, lambda file: file.write(b"third", lambda: b"everything")])
@pytest.mark.parametrize("damage", [_cut, _alter, Path.unlink])
@pytest.mark.parametrize("damaged", COPIES)
def test_a_copy_that_was_damaged_meanwhile_and_a_refusal_lose_nothing(
    tmp_path: Path, damaged: str, damage: Callable[[Path], None], write: Callable[[StateFile], None]
) -> None:
    file = _filled(tmp_path)
    damage(tmp_path / damaged)
    refused = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statefile, "durable", Watched(refused=PRIMARY))
        try:
            write(file)
        except OSError:
            refused = True
    loaded = StateFile(tmp_path).load()
    if refused:
        assert (loaded.payload, loaded.records) == (b"entries", (b"first", b"second"))
    else:
        assert loaded.payload in (b"anew", b"everything") or loaded.records[-1] == b"third"
    file.save(b"in the end")
    assert StateFile(tmp_path).load() == Loaded(b"in the end", (), True)


@pytest.mark.parametrize("damage", [_cut, _alter, Path.unlink])
@pytest.mark.parametrize("damaged", COPIES)
def test_a_copy_that_was_damaged_meanwhile_is_written_anew_before_the_whole_one(
    tmp_path: Path, damaged: str, damage: Callable[[Path], None]
) -> None:
    file = _filled(tmp_path)
    damage(tmp_path / damaged)
    watched = Watched()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statefile, "durable", watched)
        file.save(b"anew")
    assert watched.written == [damaged, *({*COPIES} - {damaged})]


def test_on_a_full_disk_what_fits_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statefile, "room", lambda size: 300)
    file = StateFile(tmp_path)
    file.save(b"x" * 500)
    overwrite = durable.overwrite

    def full(path: Path, data: bytes, place: int = 0) -> None:
        if place + len(data) > path.stat().st_size:
            raise OSError(errno.ENOSPC, "No space left on device")
        overwrite(path, data, place)

    monkeypatch.setattr(durable, "overwrite", full)
    with pytest.raises(OSError, match="No space left"):
        file.write(b"y" * 400, lambda: b"x" * 500 + b"y" * 400)
    # What is deleted makes room, if only in the file.
    size = (tmp_path / PRIMARY).stat().st_size
    for left in range(500, 0, -1):
        file.write(b"one less", lambda left=left: b"x" * (left - 1))
        loaded = StateFile(tmp_path).load()
        assert loaded.whole
        assert loaded.payload is not None
        assert len(loaded.payload) - len(loaded.records) == left - 1
    assert (tmp_path / PRIMARY).stat().st_size == (tmp_path / BACKUP).stat().st_size == size


def test_entries_that_grow_and_shrink_are_held_whole(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    for size in (10, 100_000, 5, 16_384, 0, 300_000):
        payload = bytes([size % 251]) * size
        file.save(payload)
        assert StateFile(tmp_path).load() == Loaded(payload, (), True)
        file.write(b"change", _unasked)
        assert StateFile(tmp_path).load() == Loaded(payload, (b"change",), True)


@pytest.mark.parametrize("deleted", [(PRIMARY,), (BACKUP,), COPIES])
def test_a_copy_that_is_deleted_meanwhile_is_made_again(tmp_path: Path, deleted: tuple[str, ...]) -> None:
    for write, held in ((_a_save, b"anew"), (lambda file: file.write(b"third", lambda: b"everything"), b"everything")):
        file = _filled(tmp_path)
        for name in deleted:
            (tmp_path / name).unlink()
        write(file)
        loaded = StateFile(tmp_path).load()
        assert loaded.payload == held or loaded.records[-1] == b"third"
        file.write(b"fourth", lambda: b"newest")
        loaded = StateFile(tmp_path).load()
        assert loaded.whole
        assert loaded.payload == b"newest" or loaded.records[-1] == b"fourth"


@pytest.mark.parametrize("version", [1, 2])
def test_copies_of_the_versions_before_are_read_and_followed(tmp_path: Path, version: int) -> None:
    payload = b"entries of before"
    number = struct.pack("<Q", 7) if version > 1 else b""
    digest = hashlib.sha256(number + payload).digest()
    sealed = struct.pack("<8sI", b"PDXREST\0", version) + number + struct.pack("<Q32s", len(payload), digest) + payload
    for name in COPIES:
        (tmp_path / name).write_bytes(sealed.ljust(1 << 14, b"\0") if version > 1 else sealed)
    file = StateFile(tmp_path)
    assert file.load() == Loaded(payload, (), True)
    file.write(b"change", lambda: b"entries of now")
    # As if the process had died between the two.
    (tmp_path / BACKUP).write_bytes(sealed)
    assert StateFile(tmp_path).load().payload == b"entries of now"


@pytest.mark.parametrize("damaged", COPIES)
def test_a_damaged_copy_is_set_aside_and_replaced(
    workspace: Workspace, root: Path, reopen: Opener, damaged: str, caplog: pytest.LogCaptureFixture
) -> None:
    emid = workspace.create_exported_model("kept", "ResNet18", "classification", "P0001", "T0001", "/models/x", 5)
    workspace.close()
    (root / damaged).write_bytes((root / damaged).read_bytes()[:30])
    assert reopen().exported_model(emid).name == "kept"
    assert (root / f"{damaged}.damaged").exists()
    assert "damaged" in caplog.text
    assert unseal((root / PRIMARY).read_bytes()) == unseal((root / BACKUP).read_bytes()) is not None


def test_a_file_of_a_later_version_is_not_touched(workspace: Workspace, root: Path) -> None:
    workspace.create_dataset("d", "", "t")
    workspace.close()
    for name in COPIES:
        data = bytearray((root / name).read_bytes())
        data[8] = 9
        (root / name).write_bytes(data)
    before = (root / PRIMARY).read_bytes()
    with pytest.raises(UserError, match="newer version"):
        Workspace.open(root)
    assert (root / PRIMARY).read_bytes() == before


def test_an_intact_workspace_is_opened_without_writing(workspace: Workspace, root: Path, reopen: Opener) -> None:
    workspace.create_dataset("d", "", "t")
    before = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
    times = {path.name: path.stat().st_mtime_ns for path in root.iterdir() if path.name in COPIES}
    reopen()
    reopen()
    assert {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()} == before
    assert {path.name: path.stat().st_mtime_ns for path in root.iterdir() if path.name in COPIES} == times
