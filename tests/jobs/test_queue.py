"""The queue with real processes."""

from __future__ import annotations

from typing import Any

import pytest

from paddlex_restful.jobs import leases
from tests.jobs.conftest import Jobs, until


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
    ended = jobs.manager.wait(second, 10)
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
    plan = leases.plan

    def fail_first(*args: Any) -> leases.Plan:
        if faults:
            raise faults.pop()
        return plan(*args)

    monkeypatch.setattr(leases, "plan", fail_first)
    assert jobs.run("small", numbers=[1]).state == "done"
    assert not faults
