"""Many jobs with real processes: leases are kept, and nothing is left over."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import forkserver

import psutil
import pytest

from paddlex_restful.jobs.job import Job
from tests.jobs.conftest import LONG, Jobs, until

GPUS = 4
GPU_SETS = [*((gpu,) for gpu in range(GPUS)), (0, 1), (2, 3), (1, 2), (0, 3), tuple(range(GPUS))]


@pytest.mark.parametrize("restarted", [False, True])
def test_two_hundred_jobs_on_four_gpus_keep_leases_and_order(jobs: Jobs, restarted: bool) -> None:
    chance = random.Random(20)
    (jobs.root / "notes").mkdir()
    made = [
        jobs.submit(
            chance.choice(("note", "heavy_note")),
            f"T{number:04}",
            chance.choice(GPU_SETS),
            seconds=chance.choice((0, 0.01, 0.03)),
        )
        for number in range(200)
    ]
    if restarted:
        for ended in (50, 120):
            until(lambda ended=ended: len(list((jobs.root / "notes").iterdir())) >= ended)
            jobs.restart()
    assert {jobs.manager.wait(job, LONG).state for job in made} == {"done"}
    for gpu in range(GPUS):
        times = [_noted(jobs, job) for job in made if gpu in job.gpus]
        assert len(times) > 40
        # In the order of submission each begins after the one before has ended.
        assert all(ended <= began for (_, ended), (began, _) in pairwise(times))


def _noted(jobs: Jobs, job: Job) -> tuple[int, int]:
    began, ended = map(int, (jobs.root / "notes" / job.subject).read_text().split())
    return began, ended


@dataclass(frozen=True)
class Held:
    """What a process holds of the system."""

    descriptors: int
    threads: int
    memory: int
    children: frozenset[int]

    @classmethod
    def by(cls, process: psutil.Process) -> Held:
        return cls(
            process.num_fds(),
            process.num_threads(),
            process.memory_info().rss,
            frozenset(child.pid for child in process.children()),
        )


def test_five_thousand_jobs_leave_nothing_behind(jobs: Jobs) -> None:
    jobs.run("small", numbers=[])
    processes = psutil.Process(), psutil.Process(forkserver._forkserver._forkserver_pid)  # type: ignore[attr-defined]
    pids = _run_small(jobs, range(500))
    before = [Held.by(process) for process in processes]
    pids |= _run_small(jobs, range(500, 5000))
    for process, held in zip(processes, before, strict=True):
        # A zombie is a child too.
        until(lambda process=process, held=held: Held.by(process).children <= held.children)
        now = Held.by(process)
        assert now.descriptors <= held.descriptors + 2
        assert now.threads <= held.threads
        assert now.memory - held.memory < 24 << 20
    assert not [process.pid for process in psutil.process_iter() if _group(process) in pids]


def _run_small(jobs: Jobs, numbers: Iterable[int]) -> set[int]:
    """Run a trivial job for each number, a hundred at a time in the queue; gives the pids."""
    waiting: list[tuple[Job, int]] = []
    pids: set[int] = set()

    def finish_first() -> None:
        job, number = waiting.pop(0)
        ended = jobs.manager.wait(job, LONG)
        assert ended.result == {"sum": number}, ended
        assert ended.pid is not None
        pids.add(ended.pid)

    for number in numbers:
        if len(waiting) == 100:
            finish_first()
        waiting.append((jobs.submit("small", f"T{number % 100:04}", numbers=[number]), number))
    while waiting:
        finish_first()
    return pids


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0
