"""The queue with real processes."""

from __future__ import annotations

from typing import Any

import pytest

from paddlex_restful.jobs import leases
from paddlex_restful.jobs.leases import Rules
from tests.jobs.conftest import LONG, Jobs, until


def test_heavy_jobs_run_one_after_the_other_in_their_order(jobs: Jobs) -> None:
    first = jobs.running("train", "T0001")
    second, third = jobs.submit("train", "T0002"), jobs.submit("train", "T0003")
    until(lambda: "train of T0001" in jobs.now(third).message)
    assert [jobs.now(job).message.partition(":")[0] for job in (second, third)] == [
        "Waiting in the queue, place 1",
        "Waiting in the queue, place 2",
    ]
    jobs.manager.stop(first)
    until(lambda: jobs.now(second).state == "running")
    assert jobs.now(second).message == ""
    assert jobs.now(third).state == "queued"
    until(lambda: "place 1: 1 of 1 processor slots are taken by train of T0002" in jobs.now(third).message)


def test_stopped_queued_job_never_starts(jobs: Jobs) -> None:
    first = jobs.running("train", "T0001")
    queued = jobs.submit("train", "T0002")
    stopped = jobs.manager.stop(queued)
    assert (stopped.state, stopped.message) == ("stopped", "Stopped on request before it began.")
    jobs.manager.stop(first)
    third = jobs.running("train", "T0003")
    assert jobs.now(queued) == stopped
    assert not (queued.folder / "out.log").exists()
    jobs.manager.stop(third)


def test_gpu_is_waited_for(jobs: Jobs) -> None:
    first = jobs.running("patient", "T0001", gpus=(0, 1))
    second = jobs.submit("look", "T0002", gpus=(1,))
    until(lambda: "GPU 1 is taken by patient of T0001" in jobs.now(second).message)
    jobs.manager.stop(first)
    ended = jobs.manager.wait(second, LONG)
    assert ended.result is not None
    assert ended.result["visible"] == "1"


def test_queue_survives_a_restart(jobs: Jobs) -> None:
    first = jobs.running("train", "T0001")
    second, third = jobs.submit("train", "T0002"), jobs.submit("train", "T0003")
    jobs.restart()
    assert [job.id for job in jobs.manager.active()] == [first.id, second.id, third.id]
    jobs.manager.stop(first)
    until(lambda: jobs.now(second).state == "running")
    assert jobs.now(third).state == "queued"


def test_queue_is_served_again_after_any_fault(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [KeyError("a fault"), EOFError()]
    plan = leases.Plan

    def fail_first(*args: Any) -> leases.Plan:
        if faults:
            raise faults.pop()
        return plan(*args)

    monkeypatch.setattr(leases, "Plan", fail_first)
    assert jobs.run("small", numbers=[1]).state == "done"
    assert not faults


def test_light_jobs_with_gpus_run_beside_a_training_where_gpus_are_shared(jobs: Jobs) -> None:
    jobs.options["share_gpus"] = True
    jobs.restart()
    training = jobs.running("train", "T0001", gpus=(0,))
    beside = jobs.submit("look", "T0002", gpus=(0,))
    ended = jobs.manager.wait(beside, LONG)
    assert ended.result is not None
    assert ended.result["visible"] == "0"
    assert jobs.now(training).state == "running"


def test_many_light_jobs_run_a_few_at_once_beside_a_training(jobs: Jobs) -> None:
    most = Rules().light_jobs
    jobs.running("train", "T0001")
    first = [jobs.running("patient", f"T{number:04}") for number in range(2, 2 + most)]
    later = [jobs.submit("patient", f"T{number:04}") for number in range(100, 104)]
    place = f"place 4: {most} of {most} places for small jobs are taken by patient of T0002, patient of T0003"
    until(lambda: place in jobs.now(later[3]).message)
    assert {jobs.now(job).state for job in later} == {"queued"}
    jobs.manager.stop(first[0])
    until(lambda: jobs.now(later[0]).state == "running")
    assert {jobs.now(job).state for job in later[1:]} == {"queued"}
