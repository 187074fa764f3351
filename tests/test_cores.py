"""The cores that may be used are counted once, for the server and for its jobs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paddlex_restful import cores
from paddlex_restful.config import default_cpu_jobs
from paddlex_restful.training import reading


@pytest.fixture
def bound_to_eight(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process bound to eight cores; gives the folder of its control groups, which is empty."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setattr(cores, "_CGROUP", tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "250000 100000\n"}, 3),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "1600000 100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
    ],
)
def test_the_limit_of_a_container_counts(bound_to_eight: Path, files: dict[str, str], expected: int) -> None:
    for name, text in files.items():
        path = bound_to_eight / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert cores.usable_cores() == expected


@pytest.mark.usefixtures("bound_to_eight")
def test_slots_share_the_cores() -> None:
    assert [cores.cores_of_slot(slots) for slots in (1, 3, 8, 20)] == [8, 2, 1, 1]
    assert default_cpu_jobs() == 4


@pytest.mark.usefixtures("bound_to_eight")
@pytest.mark.parametrize(("share", "expected"), [("3", 3), ("", 8), ("0", 8), ("4,2", 8)])
def test_images_are_read_by_the_threads_of_the_slot(monkeypatch: pytest.MonkeyPatch, share: str, expected: int) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", share)
    assert reading.threads() == expected
