from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from paddlex_restful.datasets import copying, importing
from paddlex_restful.jobs.context import JobContext, JobFailed

MakeContext = Callable[..., JobContext]
Import = Callable[..., Path]
Refusal = Callable[..., str]


@pytest.fixture
def make_context(tmp_path: Path) -> MakeContext:
    """Makes the context of an import job in a workspace whose D0001 is empty."""

    def make(type: str, source: Path | str, link: bool = False) -> JobContext:
        root = tmp_path / "workspace"
        folder = root / "datasets" / "D0001" / "job" / "import"
        folder.mkdir(parents=True, exist_ok=True)
        (root / "datasets" / "D0001" / "info.pb").write_bytes(b"entry")
        args = {"did": "D0001", "type": type, "source": str(source), "target": "datasets/D0001", "link": link}
        return JobContext("import", "D0001", folder, root, args)

    return make


@pytest.fixture
def no_reflinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the file system refuse to share blocks, which some (btrfs, xfs) would do instead of copying."""

    def refuse(*arguments: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(copying.fcntl, "ioctl", refuse)


@pytest.fixture
def imported(make_context: MakeContext) -> Import:
    """Imports a folder and returns the dataset's folder."""

    def run(type: str, source: Path, link: bool = False) -> Path:
        context = make_context(type, source, link)
        importing.run(context)
        return context.path("datasets/D0001")

    return run


@pytest.fixture
def refusal(make_context: MakeContext) -> Refusal:
    """The message by which the check refuses a folder."""

    def run(type: str, source: Path | str) -> str:
        with pytest.raises(JobFailed) as failure:
            importing.run(make_context(type, source))
        assert failure.value.reason == "check"
        return str(failure.value)

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Where a dataset is made: a folder with Chinese letters and a space."""
    return tmp_path / "数据 集"
