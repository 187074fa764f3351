"""A real process is really killed a hundred times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 100


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_a_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    run = [sys.executable, "-m", "tests.workspace.killed", str(root), str(KILLS), "20240601"]
    done = subprocess.run(run, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > KILLS
