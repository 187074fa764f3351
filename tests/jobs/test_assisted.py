"""Jobs that somebody in the server does without a process of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from paddlex_restful.jobs import outcome
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.scheduler import Conclude
from tests.jobs.conftest import LONG, Jobs, until


class Helper:
    """An assistant that does jobs of a kind as it is told to."""

    def __init__(self, kind: str, way: Callable[[Job, Conclude], bool]) -> None:
        self.kind = kind
        self.way = way
        self.returned: list[list[int]] = []
        self.done: list[Job] = []

    def takes(self, job: Job) -> bool:
        return job.kind == self.kind

    def do(self, job: Job, conclude: Conclude) -> bool:
        self.done.append(job)
        return self.way(job, conclude)

    def give_back(self, gpus: Sequence[int]) -> None:
        self.returned.append(list(gpus))


def adds(job: Job, conclude: Conclude) -> bool:
    conclude({"assisted sum": sum(job.args["numbers"])})
    return True


def test_what_is_done_is_on_record_and_in_the_folder(jobs: Jobs) -> None:
    helper = Helper("small", adds)
    jobs.manager.assist(helper)
    job = jobs.run("small", numbers=[1, 2])
    assert (job.state, job.result, job.pid) == ("done", {"assisted sum": 3}, None)
    assert [each.state for each in helper.done] == ["starting"]
    left = outcome.read(job.folder)
    assert left is not None
    assert (left.state, left.result) == ("done", {"assisted sum": 3})
    jobs.restart()
    assert jobs.now(job) == job
    assert jobs.run("small", numbers=[4]).result == {"sum": 4}


def fails(job: Job, conclude: Conclude) -> bool:
    raise RuntimeError("not my day")


@pytest.mark.parametrize("way", [lambda job, conclude: False, fails])
def test_what_is_not_done_is_done_by_a_process(jobs: Jobs, way: Callable[[Job, Conclude], bool]) -> None:
    helper = Helper("small", way)
    jobs.manager.assist(helper)
    for _ in range(2):
        job = jobs.run("small", numbers=[1, 2])
        assert (job.state, job.result) == ("done", {"sum": 3})
        assert job.pid is not None
    assert len(helper.done) == 2, "each is tried once"


def test_other_jobs_go_on_meanwhile_and_one_that_is_stopped_is_not_concluded(jobs: Jobs) -> None:
    stopped, ended = threading.Event(), threading.Event()

    def slow(job: Job, conclude: Conclude) -> bool:
        assert stopped.wait(LONG)
        conclude({})
        ended.set()
        return True

    jobs.manager.assist(Helper("small", slow))
    job = jobs.submit("small", numbers=[])
    until(lambda: jobs.now(job).state == "starting")
    patient = jobs.running("patient", "T0002")
    jobs.manager.stop(patient)
    assert jobs.manager.stop(job).state == "stopped"
    stopped.set()
    assert ended.wait(LONG)
    assert jobs.now(job).state == "stopped"
    left = outcome.read(job.folder)
    assert left is not None
    assert left.state == "stopped"


def test_one_that_a_killed_server_was_doing_is_done_by_the_next(jobs: Jobs) -> None:
    waiting = threading.Event()

    def forever(job: Job, conclude: Conclude) -> bool:
        assert waiting.wait(LONG)
        return False

    jobs.manager.assist(Helper("small", forever))
    job = jobs.submit("small", numbers=[5])
    until(lambda: jobs.now(job).state == "starting")
    jobs.restart()
    waiting.set()
    assert jobs.manager.wait(job, LONG).result == {"sum": 5}


def test_gpus_are_given_back_before_a_job_begins_on_them(jobs: Jobs) -> None:
    begun: list[bool] = []
    helper = Helper("small", adds)
    give_back = helper.give_back

    def look(gpus: Sequence[int]) -> None:
        begun.append(Path(jobs.folder("patient") / "process.json").exists())
        assert jobs.manager.leased_gpus() == {0, 1}
        give_back(gpus)

    helper.give_back = look  # type: ignore[method-assign]
    jobs.manager.assist(helper)
    assert jobs.manager.leased_gpus() == frozenset()
    job = jobs.running("patient", gpus=(0, 1))
    assert (helper.returned, begun) == ([[0, 1]], [False])
    jobs.manager.stop(job)
    assert jobs.manager.leased_gpus() == frozenset()


def test_shared_gpus_are_nobodys_own(jobs: Jobs) -> None:
    jobs.options["share_gpus"] = True
    jobs.restart()
    helper = Helper("small", adds)
    jobs.manager.assist(helper)
    jobs.running("patient", gpus=(0,))
    assert jobs.manager.leased_gpus() == frozenset()
    assert helper.returned == []
