"""Disks are left with some space free."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from paddlex_restful import diskspace
from paddlex_restful.diskspace import Disk
from paddlex_restful.errors import UserError


class Space:
    """A disk that has as much free as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, free: int) -> None:
        self.free = free
        self.asked: list[Path] = []
        monkeypatch.setattr(diskspace, "shutil", self)
        monkeypatch.setattr(diskspace, "LOOK_SECONDS", 0.05)
        monkeypatch.setattr(diskspace, "_STOP_SECONDS", 0.01)

    def disk_usage(self, folder: Path) -> SimpleNamespace:
        self.asked.append(folder)
        return SimpleNamespace(free=self.free)


def test_what_leaves_too_little_free_is_refused_with_how_much_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = Space(monkeypatch, free=3 << 30)
    disk = Disk(tmp_path / "not/yet", min_free=2 << 30)
    disk.require(1 << 30)
    with pytest.raises(UserError, match=r"has 3\.0 GB free and 3\.0 GB are needed \(2\.0 GB of them stay free\)"):
        disk.require((1 << 30) + 1)
    space.free = 0
    with pytest.raises(UserError, match=r"has 0 MB free and 1 MB are needed \(0 MB"):
        Disk(tmp_path).require(1)
    assert set(space.asked) == {tmp_path}


def test_who_waits_goes_on_when_there_is_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = Space(monkeypatch, free=0)
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        space.free = 1000 if len(told) == 3 else 0

    Disk(tmp_path, min_free=500).wait(500, tell, lambda: None)
    assert len(told) == 3
    assert "goes on when there is space" in told[0]


def test_who_waits_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Space(monkeypatch, free=0)

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Disk(tmp_path).wait(1, lambda sentence: None, stop)
