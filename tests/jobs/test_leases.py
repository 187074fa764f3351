from __future__ import annotations

from pathlib import Path

from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.kinds import KINDS
from paddlex_restful.jobs.leases import plan
from paddlex_restful.jobs.states import State


def job(number: int, kind: str, gpus: tuple[int, ...] = (), state: State = "queued") -> Job:
    return Job(number, kind, f"T{number:04}", Path("/w"), "job", {}, gpus, state)


def started(*jobs: Job, cpu_jobs: int = 1) -> list[int]:
    return [begun.id for begun in plan(jobs, KINDS, cpu_jobs).start]


def test_heavy_jobs_share_the_slots_first_come_first_served() -> None:
    jobs = [job(number, "train") for number in (1, 2, 3)]
    assert started(*jobs, cpu_jobs=2) == [1, 2]
    result = plan(jobs, KINDS, 1)
    assert result.messages[3] == ("Waiting in the queue, place 2: 1 of 1 processor slots are taken by train of T0001.")


def test_light_jobs_start_at_once() -> None:
    assert started(job(1, "train", state="running"), job(2, "train"), job(3, "evaluate"), job(4, "import")) == [3, 4]


def test_light_jobs_take_no_slot() -> None:
    assert started(job(1, "predict", state="running"), job(2, "train")) == [2]


def test_jobs_that_start_or_stop_hold_their_slot() -> None:
    assert started(job(1, "train", state="stopping"), job(2, "train")) == []
    assert started(job(1, "train", state="starting"), job(2, "train")) == []


def test_gpu_is_taken_by_one_job() -> None:
    jobs = [job(1, "train", (0,), "running"), job(2, "evaluate", (0,)), job(3, "train", (1,)), job(4, "train")]
    assert started(*jobs) == [3, 4]
    assert plan(jobs, KINDS, 1).messages[2] == "Waiting in the queue, place 1: GPU 0 is taken by train of T0001."


def test_gpu_job_takes_no_slot_of_the_processor() -> None:
    assert started(job(1, "train", (0,), "running"), job(2, "train")) == [2]


def test_job_for_several_gpus_is_not_overtaken_for_ever() -> None:
    jobs = [job(1, "train", (0,), "running"), job(2, "train", (0, 1)), job(3, "train", (1,)), job(4, "train", (2,))]
    assert started(*jobs) == [4]
    result = plan(jobs, KINDS, 1)
    assert result.messages[3] == "Waiting in the queue, place 2: an earlier job waits for GPU 1."
