"""The kernel's counters of processes that it ended for want of memory."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from paddlex_restful.jobs.oom import OomKills
from tests.jobs.conftest import LONG, Jobs

MOUNTS = """\
23 1 0:1 / / rw - ext4 /dev/sda1 rw
{optional}35 31 0:32 {seen} {root}/memory rw,relatime shared:9 - cgroup cgroup rw,memory
41 31 0:38 {seen} {root}/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A procfs of a process in the group /jobs, whose machine has both versions of control groups."""
    made = tmp_path / "proc"
    (made / "self").mkdir(parents=True)
    (made / "self/cgroup").write_text("4:memory:/jobs\n3:cpu,cpuacct:/\n0::/jobs\n")
    cpu = f"34 31 0:31 / {tmp_path}/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    (made / "self/mountinfo").write_text(MOUNTS.format(root=tmp_path, seen="/", optional=cpu))
    (made / "vmstat").write_text("pgfault 7\noom_kill 40\noom_kill_other 1\n")
    for folder in ("memory/jobs", "unified/jobs"):
        (tmp_path / folder).mkdir(parents=True)
    return made


def count_of(proc: Path) -> int | None:
    kills = OomKills.now(proc)
    return None if kills is None else kills.count


def test_the_counter_of_the_own_control_group_is_taken(proc: Path, tmp_path: Path) -> None:
    assert count_of(proc) == 40
    (tmp_path / "unified/jobs/memory.events").write_text("low 0\nmax 5\noom 3\noom_kill 2\noom_group_kill 9\n")
    assert count_of(proc) == 2
    (tmp_path / "memory/jobs/memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    assert count_of(proc) == 1


def test_a_container_sees_its_group_as_the_root_of_the_mount(proc: Path, tmp_path: Path) -> None:
    (proc / "self/mountinfo").write_text(MOUNTS.format(root=tmp_path, seen="/jobs", optional=""))
    (tmp_path / "unified/memory.events").write_text("oom_kill 6\n")
    assert count_of(proc) == 6


def test_a_counter_that_grew_tells(proc: Path) -> None:
    kills = OomKills.now(proc)
    assert kills is not None
    assert kills.grown() is False
    (proc / "vmstat").write_text("oom_kill 41\n")
    assert kills.grown() is True
    (proc / "vmstat").unlink()
    assert kills.grown() is None


def test_a_system_without_counters_tells_nothing(tmp_path: Path) -> None:
    assert OomKills.now(tmp_path) is None


@pytest.mark.parametrize(
    ("earlier", "reason", "words"),
    [(0, "signal", "by a user or another program"), (1, "out_of_memory", "no memory left")],
)
def test_a_job_that_was_killed_says_whether_memory_was_short(jobs: Jobs, earlier: int, reason: str, words: str) -> None:
    job = jobs.running("patient")
    # As if it had begun before the kernel's latest kill: a real one would endanger the tests themselves.
    noted = json.loads((job.folder / "process.json").read_bytes())
    noted["oom_kills"]["count"] -= earlier
    (job.folder / "process.json").write_text(json.dumps(noted))
    assert job.identity is not None
    job.identity.send(signal.SIGKILL)
    ended = jobs.manager.wait(job, LONG)
    assert (ended.reason, words in ended.message) == (reason, True), ended.message
