"""Workspaces in temporary folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paddlex_restful.workspace import Workspace

Opener = Callable[[], Workspace]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace folder with a name that is hard on careless code."""
    return tmp_path / "工作 space"


@pytest.fixture
def reopen(root: Path) -> Iterator[Opener]:
    """Opens the workspace, after closing it if it is open: a restart of the server."""
    opened: list[Workspace] = []

    def open_again() -> Workspace:
        while opened:
            opened.pop().close()
        opened.append(Workspace.open(root))
        return opened[-1]

    yield open_again
    while opened:
        opened.pop().close()


@pytest.fixture
def workspace(reopen: Opener) -> Workspace:
    """An open, empty workspace."""
    return reopen()
