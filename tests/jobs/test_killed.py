"""Managers, fork servers and jobs are really killed, again and again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROUNDS = 75


@pytest.mark.skipif(sys.platform != "linux", reason="needs to be given the orphans of its processes")
def test_hundreds_of_kills_at_any_moment_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "tests.jobs.killed", str(tmp_path / "workspace"), str(ROUNDS), "20240601"]
    done = subprocess.run(run, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=1500)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["kills"]["manager"] == ROUNDS
    assert sum(seen["kills"].values()) > 3 * ROUNDS
    assert min(seen["jobs"][state] for state in ("done", "failed", "stopped")) > ROUNDS // 2
