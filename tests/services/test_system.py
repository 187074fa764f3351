"""A stop ends all jobs of one server, none begins because of it, and those of other servers go on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.services import Services, projects, system, tasks
from tests.conftest import Server
from tests.flow import bound_project, import_dataset, task, task_status, until
from tests.images import make_classification


def submit(services: Services, kind: str, tid: str) -> Job:
    folder = services.workspace.folder(services.workspace.task(tid))
    return services.jobs.submit(kind, tid, folder / "job" / kind, {})


def make_tasks(services: Services, count: int) -> list[str]:
    pid = projects.create(services, "p", "", "classification")
    return [tasks.create(services, pid, None, "", None) for _ in range(count)]


def test_no_waiting_job_begins_while_all_are_stopped(toy_services: Services) -> None:
    jobs = [submit(toy_services, "train", tid) for tid in make_tasks(toy_services, 4)]
    until(lambda: toy_services.jobs.progress(jobs[0]), bool)
    system.stop_all(toy_services)
    ended = [toy_services.jobs.latest(job.subject, "train") for job in jobs]
    assert [job and job.state for job in ended] == [states.STOPPED] * 4
    assert [job is not None and job.started is not None for job in ended] == [True, False, False, False]


def test_running_jobs_are_stopped_at_once(toy_services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("train", "patient", "patient")
    jobs = [submit(toy_services, kind, tid) for kind, tid in zip(kinds, make_tasks(toy_services, 3), strict=True)]
    until(lambda: all(toy_services.jobs.progress(job) for job in jobs), bool)
    stop = toy_services.jobs.stop
    together = threading.Barrier(3)

    def meet_and_stop(job: Job) -> Job:
        together.wait(90)
        return stop(job)

    with monkeypatch.context() as patch:
        patch.setattr(toy_services.jobs, "stop", meet_and_stop)
        system.stop_all(toy_services)
    assert toy_services.jobs.active() == []


def test_delete_system_stops_the_jobs_of_this_server_and_nothing_else(tmp_path: Path) -> None:
    source = make_classification(tmp_path / "shapes", per_class=8)
    servers: list[Server] = []
    try:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            servers.append(Server(tmp_path / name, "--cpu_jobs", "1"))
        tids: list[str] = []
        for server in servers:
            did = import_dataset(server, source)
            server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0)
            tids = [task(server, bound_project(server, did), num_epochs=5000, learning_rate=1e-6) for _ in range(2)]
            for tid in tids:
                server.ok("POST", "/project/task/train", tid=tid)
            until(lambda server=server, tid=tids[0]: task_status(server, tid), lambda status: status == 3)  # type: ignore[misc]
        one, other = servers
        one.ok("DELETE", "/system")
        ended = [one.ok("GET", "/project/task", tid=tid) for tid in tids]
        assert [answer["task_status"] for answer in ended] == [8, 8], ended
        log = one.ok("GET", "/project/task/metrics", tid=tids[1], type="train")["train_log"]
        assert log["running_duration"] is None
        assert task_status(other, tids[0]) == 3
        assert one.ok("GET", "/system")["info"]["cpu_num"] > 0
    finally:
        for server in servers:
            server.close()
