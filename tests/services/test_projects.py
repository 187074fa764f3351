"""A project is deleted with its tasks, whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.services import Services, projects, system, tasks
from paddlex_restful.workspace import store
from paddlex_restful.workspace.removal import remove_folder
from tests.flow import until


def make_project(services: Services) -> tuple[str, list[str]]:
    pid = projects.create(services, "p", "", "classification")
    return pid, [tasks.create(services, pid, None, "", None) for _ in range(2)]


def begin_training(services: Services, tid: str) -> None:
    folder = services.workspace.folder(services.workspace.task(tid))
    job = services.jobs.submit("train", tid, folder / "job" / "train", {})
    until(lambda: services.jobs.progress(job), bool)


def test_a_project_goes_with_its_tasks_and_what_they_do(toy_services: Services) -> None:
    pid, tids = make_project(toy_services)
    folder = toy_services.workspace.folder(toy_services.workspace.project(pid))
    begin_training(toy_services, tids[1])
    projects.delete(toy_services, pid)
    assert toy_services.workspace.projects() == []
    assert toy_services.workspace.tasks() == []
    assert toy_services.jobs.latest(tids[1], "train") is None
    assert not folder.exists()


def test_a_project_whose_task_begins_meanwhile_is_kept_whole(
    toy_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid, tids = make_project(toy_services)
    monkeypatch.setattr(system, "stop_together", lambda services, jobs: begin_training(services, tids[1]))
    with pytest.raises(UserError, match=f"{tids[1]} cannot be deleted while it is at work"):
        projects.delete(toy_services, pid)
    assert [task.id for task in toy_services.workspace.tasks_of(pid)] == tids
    assert toy_services.workspace.folder(toy_services.workspace.task(tids[0])).is_dir()


def test_nobody_waits_while_the_folder_of_a_project_is_removed(
    toy_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid, tids = make_project(toy_services)
    free = []

    def gate_is_free() -> bool:
        taken = toy_services.gate.acquire(blocking=False)
        if taken:
            toy_services.gate.release()
        return taken

    def remove(root: Path, relative: str) -> bool:
        with ThreadPoolExecutor(1) as pool:
            free.append(pool.submit(gate_is_free).result(90))
        return remove_folder(root, relative)

    monkeypatch.setattr(store, "remove_folder", remove)
    tasks.delete(toy_services, tids[0])
    projects.delete(toy_services, pid)
    assert free == [True, True]
