from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from paddlex_restful.datasets.copying import Copier


@pytest.mark.usefixtures("no_reflinks")
@pytest.mark.parametrize("size", [0, 1, 5_000_000])
@pytest.mark.parametrize("in_kernel", [True, False])
def test_content_arrives_by_whichever_way(
    tmp_path: Path, size: int, in_kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(size))
    if not in_kernel:

        def refuse(*arguments: int) -> int:
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(os, "copy_file_range", refuse)
    copier = Copier(tmp_path, link=False)
    for number in range(2):
        copier.copy(str(source), str(tmp_path / f"target{number}"))
        assert (tmp_path / f"target{number}").read_bytes() == source.read_bytes()


@pytest.mark.usefixtures("no_reflinks")
def test_a_file_system_that_says_zero_instead_of_an_error_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "copy_file_range", lambda *arguments: 0)
    (tmp_path / "source").write_bytes(b"content")
    Copier(tmp_path, link=False).copy(str(tmp_path / "source"), str(tmp_path / "target"))
    assert (tmp_path / "target").read_bytes() == b"content"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_links_across_file_systems_become_copies(tmp_path: Path) -> None:
    source = Path("/dev/shm") / f"dataset-{os.getpid()}"
    try:
        source.write_bytes(b"content")
        if source.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("both folders lie on one file system")
        copier = Copier(source.parent, link=True)
        copier.copy(str(source), str(tmp_path / "target"))
        assert (tmp_path / "target").read_bytes() == b"content"
        assert copier.needs_space
    finally:
        source.unlink()


def test_an_existing_target_is_not_written_over(tmp_path: Path) -> None:
    for name in ("source", "target"):
        (tmp_path / name).write_text(name)
    for link in (True, False):
        with pytest.raises(FileExistsError):
            Copier(tmp_path, link=link).copy(str(tmp_path / "source"), str(tmp_path / "target"))
    assert (tmp_path / "target").read_text() == "target"
