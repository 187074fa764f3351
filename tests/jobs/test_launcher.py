"""Jobs in several real processes; what the processes do is small here, for trainings see tests/training."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from paddlex_restful.cores import usable_cores
from paddlex_restful.jobs.job import Job
from tests.jobs.conftest import LONG, SHORT, Jobs, until


def ranks_of(job: Job) -> dict[int, psutil.Process]:
    """The processes of a job's ranks by number, once all have begun."""
    assert job.pid is not None
    launcher = psutil.Process(job.pid)
    return {int(process.environ()["PADDLE_TRAINER_ID"]): process for process in launcher.children()}


def begun(jobs: Jobs, function: str, size: int = 2, **args: Any) -> tuple[Job, dict[int, psutil.Process]]:
    """A job whose ranks have all begun to work."""
    folder = jobs.folder("in_ranks")
    job = jobs.submit("in_ranks", function=function, size=size, **args)
    places = [folder, *(folder / f"rank{rank}" for rank in range(1, size))]
    until(lambda: all((place / "progress.json").exists() for place in places))
    return jobs.now(job), ranks_of(jobs.now(job))


def ended(jobs: Jobs, job: Job) -> Job:
    """The job at its end; nothing of it may be left."""
    job = jobs.manager.wait(job, LONG)
    assert not job.active
    assert job.identity is not None
    assert job.identity.group() == []
    return job


def test_each_rank_has_a_number_an_address_and_its_share_of_the_cores(jobs: Jobs) -> None:
    job = jobs.run("in_ranks", function="tell", size=1)
    assert job.result is not None, job.message
    assert job.result["PADDLE_TRAINERS_NUM"] == "1"
    assert job.result["OMP_NUM_THREADS"] == str(usable_cores())
    assert re.fullmatch(r"127\.0\.0\.1:\d+", job.result["PADDLE_CURRENT_ENDPOINT"])
    assert job.result["PADDLE_TRAINER_ENDPOINTS"] == f"127.0.0.1:{job.result['MASTER_PORT']}"
    assert job.result["PADDLE_DISTRI_BACKEND"] == "gloo"
    assert job.result["CUDA_VISIBLE_DEVICES"] == ""
    assert jobs.manager.progress(job)["group"] == job.pid
    assert (job.folder / "out.log").read_text().count("told") == 1


def test_each_rank_sees_its_own_gpu(jobs: Jobs) -> None:
    job = jobs.manager.submit(
        "in_ranks", "T0001", jobs.folder("in_ranks"), {"function": "tell", "size": 2}, gpus=(3, 1)
    )
    job = ended(jobs, job)
    assert job.result is not None, job.message
    assert (job.result["CUDA_VISIBLE_DEVICES"], job.result["FLAGS_selected_gpus"]) == ("3", "0")
    assert job.result["PADDLE_DISTRI_BACKEND"] == "nccl"
    assert jobs.manager.progress(job)["gpus"] == [3]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_rank_is_named_and_the_others_are_ended(jobs: Jobs, rank: int) -> None:
    job, ranks = begun(jobs, "failing_ranks", how={})
    ranks[rank].kill()
    job = ended(jobs, job)
    assert (job.state, job.reason) == ("failed", "signal")
    assert job.message.startswith(f"Rank {rank} of 2 processes failed: The process was killed by signal 9 (SIGKILL)")


@pytest.mark.parametrize(
    ("how", "reason", "sentence"),
    [
        ({"1": "raise"}, "check", "Rank 1 of 3 processes failed: The file a b.png is wrong."),
        ({"0": "raise"}, "check", "Rank 0 of 3 processes failed: The file a b.png is wrong."),
        ({"2": "exit"}, "exit", r"Rank 2 of 3 processes failed: .* exit code 5 .*/rank2/out\.log"),
        ({"1": "vanish"}, "exit", r"Rank 1 of 3 processes failed: .* exit code 0 and without a result"),
        ({"0": "lost", "2": "after the first"}, "check", "Rank 2 of 3 processes failed: The file a b.png is wrong."),
        ({"0": "lonely", "1": "lonely"}, "rendezvous", "Rank [01] of 3 processes failed: Nobody is there."),
    ],
)
def test_a_failing_rank_fails_the_job_with_its_sentence(
    jobs: Jobs, how: dict[str, str], reason: str, sentence: str
) -> None:
    job = ended(jobs, jobs.submit("in_ranks", function="failing_ranks", size=3, how=how))
    assert (job.state, job.reason) == ("failed", reason)
    assert re.match(sentence, job.message), job.message


def test_the_gpu_of_a_failing_rank_is_named(jobs: Jobs) -> None:
    args = {"function": "failing_ranks", "size": 2, "how": {"1": "raise"}}
    job = ended(jobs, jobs.manager.submit("in_ranks", "T0001", jobs.folder("in_ranks"), args, gpus=(2, 5)))
    assert job.message == "Rank 1 of 2 processes, on GPU 5, failed: The file a b.png is wrong."


def test_a_rank_that_is_through_early_ends_nothing(jobs: Jobs) -> None:
    job = jobs.submit("in_ranks", function="failing_ranks", size=2, how={"0": "late", "1": "late"})
    folder = jobs.folder("in_ranks")
    until(lambda: (folder / "rank1").is_dir())
    (folder / "rank1" / "go").touch()
    until(lambda: (folder / "rank1" / "outcome.json").exists())
    assert jobs.now(job).active
    (folder / "go").touch()
    assert ended(jobs, job).state == "done"


def test_a_stop_reaches_the_first_rank_and_ends_the_others(jobs: Jobs) -> None:
    job, _ = begun(jobs, "patient")
    assert jobs.manager.stop(job).state == "stopped"
    job = ended(jobs, job)
    assert job.message == "Stopped on request."


def test_ranks_that_do_not_hear_are_stopped_by_force(jobs: Jobs) -> None:
    jobs.options["patience"] = SHORT
    jobs.restart()
    job, _ = begun(jobs, "stubborn")
    jobs.manager.stop(job)
    assert ended(jobs, job).state == "stopped"


def test_a_stop_before_the_ranks_have_begun_stops(jobs: Jobs) -> None:
    job = jobs.submit("in_ranks", function="patient")
    until(lambda: (jobs.folder("in_ranks") / "rank1").is_dir())
    assert jobs.manager.stop(job).state == "stopped"
    ended(jobs, job)


def test_without_its_launcher_no_rank_lives_on(jobs: Jobs) -> None:
    job, _ = begun(jobs, "stubborn")
    assert job.pid is not None
    os.kill(job.pid, signal.SIGKILL)
    job = ended(jobs, job)
    assert (job.state, job.reason) == ("failed", "signal")


def test_without_its_launcher_and_a_server_no_rank_lives_on(jobs: Jobs) -> None:
    job, ranks = begun(jobs, "stubborn")
    assert job.pid is not None
    jobs.manager.close()
    os.kill(job.pid, signal.SIGKILL)
    _gone, alive = psutil.wait_procs(ranks.values(), LONG)
    assert not alive
    jobs.restart()
    assert ended(jobs, job).state == "failed"


def test_a_second_run_leaves_nothing_of_the_first(jobs: Jobs) -> None:
    first = jobs.run("in_ranks", function="failing_ranks", how={"1": "raise"})
    assert first.state == "failed"
    assert jobs.run("in_ranks", function="tell").state == "done"
    assert not Path(jobs.folder("in_ranks"), "rank2").exists()
