"""One server a workspace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.workspace import Workspace

_OPEN = "import sys; from pathlib import Path; from paddlex_restful.workspace import Workspace; "


def test_a_second_opener_is_refused_and_told_the_pid(workspace: Workspace, root: Path) -> None:
    with pytest.raises(UserError, match=f"already used by another server .pid {os.getpid()}."):
        Workspace.open(root)


def test_a_server_in_another_process_is_refused_until_this_one_closes(workspace: Workspace, root: Path) -> None:
    code = _OPEN + "Workspace.open(Path(sys.argv[1]))"
    run = [sys.executable, "-c", code, str(root)]
    refused = subprocess.run(run, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert f"pid {os.getpid()}" in refused.stderr
    workspace.close()
    subprocess.run(run, check=True)
    Workspace.open(root).close()


def test_a_killed_server_leaves_no_lock(root: Path) -> None:
    code = _OPEN + "w = Workspace.open(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(UserError, match=f"pid {other.pid}"):
            Workspace.open(root)
        other.kill()
        other.wait()
    Workspace.open(root).close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file/inside", Path("/proc/workspace"), tmp_path / ("x" * 300)):
        with pytest.raises(UserError, match="cannot be used"):
            Workspace.open(root)
    with pytest.raises(UserError, match="cannot be used"):
        Workspace.open(Path("a\0b"))


def test_the_lock_is_not_inherited_by_children(workspace: Workspace, root: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        workspace.close()
        Workspace.open(root).close()
        child.kill()
