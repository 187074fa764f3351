from __future__ import annotations

from pathlib import Path

import pytest

from paddlex_restful.jobs import leases
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.kinds import KINDS
from paddlex_restful.jobs.leases import Plan, Rules
from paddlex_restful.jobs.states import State


def job(number: int, kind: str, gpus: tuple[int, ...] = (), state: State = "queued") -> Job:
    return Job(number, kind, f"T{number:04}", Path("/w"), "job", {}, gpus, state)


def started(*jobs: Job, cpu_jobs: int = 1, light_jobs: int = 2, share_gpus: bool = False) -> list[int]:
    return [begun.id for begun in Plan(jobs, KINDS, Rules(cpu_jobs, light_jobs, share_gpus)).start]


def messages(*jobs: Job, share_gpus: bool = False) -> dict[int, str]:
    plan = Plan(jobs, KINDS, Rules(1, 2, share_gpus))
    return {job.id: plan.message(job) for job in jobs}


def test_heavy_jobs_share_the_slots_first_come_first_served() -> None:
    jobs = [job(number, "train") for number in (1, 2, 3)]
    assert started(*jobs, cpu_jobs=2) == [1, 2]
    assert messages(*jobs)[3] == "Waiting in the queue, place 2: 1 of 1 processor slots are taken by train of T0001."


def test_heavy_jobs_do_not_delay_light_ones() -> None:
    assert started(job(1, "train", state="running"), job(2, "train"), job(3, "evaluate"), job(4, "import")) == [3, 4]


def test_light_jobs_have_a_line_of_their_own() -> None:
    jobs = [job(1, "import", state="running"), *(job(number, "evaluate") for number in range(2, 200))]
    assert started(*jobs) == [2]
    assert messages(*jobs)[4] == (
        "Waiting in the queue, place 2: 2 of 2 places for small jobs are taken by import of T0001, evaluate of T0002."
    )


def test_light_jobs_take_no_slot_of_heavy_ones() -> None:
    assert started(job(1, "predict", state="running"), job(2, "train")) == [2]


def test_light_jobs_are_at_least_two_and_as_many_as_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, jobs in ((1, 2), (2, 2), (8, 8)):
        monkeypatch.setattr(leases, "usable_cores", lambda cores=cores: cores)
        assert Rules().light_jobs == jobs


def test_jobs_that_start_or_stop_hold_their_slot() -> None:
    assert started(job(1, "train", state="stopping"), job(2, "train")) == []
    assert started(job(1, "train", state="starting"), job(2, "train")) == []


def test_gpu_is_taken_by_one_job() -> None:
    jobs = [job(1, "train", (0,), "running"), job(2, "evaluate", (0,)), job(3, "train", (1,)), job(4, "train")]
    assert started(*jobs) == [3, 4]
    assert messages(*jobs)[2] == "Waiting in the queue, place 1: GPU 0 is taken by train of T0001."


def test_gpu_job_takes_no_slot_of_the_processor() -> None:
    assert started(job(1, "train", (0,), "running"), job(2, "train")) == [2]


def test_job_for_several_gpus_is_not_overtaken_for_ever() -> None:
    jobs = [job(1, "train", (0,), "running"), job(2, "train", (0, 1)), job(3, "train", (1,)), job(4, "train", (2,))]
    assert started(*jobs) == [4]
    assert messages(*jobs)[3] == "Waiting in the queue, place 2: an earlier job waits for GPU 1."


def test_light_jobs_share_gpus_where_the_setting_allows_it() -> None:
    jobs = [
        job(1, "train", (0,), "running"),
        job(2, "train", (0, 1)),
        job(3, "evaluate", (0,)),
        job(4, "predict", (1,)),
    ]
    assert started(*jobs) == []
    assert started(*jobs, share_gpus=True) == [3, 4]


def test_light_jobs_that_share_gpus_do_not_take_them() -> None:
    assert started(job(1, "evaluate", (0,), "running"), job(2, "train", (0,)), share_gpus=True) == [2]


def test_light_jobs_that_share_gpus_wait_in_the_line_of_light_ones() -> None:
    running = [job(1, "evaluate", (0,), "running"), job(2, "import", (), "running")]
    assert started(*running, job(3, "predict", (1,)), share_gpus=True) == []
    assert "2 of 2 places for small jobs" in messages(*running, job(3, "predict", (1,)), share_gpus=True)[3]
