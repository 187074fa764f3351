"""What lists cost: for tasks no file is opened, however much their jobs have written; for models none twice."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.services import Services, attributes, models, projects, tasks
from tests.jobs.conftest import until

TASKS = 300


class Opened:
    """Keeps the names of the files that a thread opens while it listens."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.thread: int | None = None
        sys.addaudithook(self._hear)  # for good: Python takes none away again

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.listdir", "os.scandir") and threading.get_ident() == self.thread:
            self.names.append(str(arguments[0]))

    def during(self, call: Callable[[], object]) -> list[str]:
        """The files and folders that a call opens."""
        self.names, self.thread = [], threading.get_ident()
        try:
            call()
        finally:
            self.thread = None
        return self.names


@pytest.fixture(scope="module")
def opened() -> Opened:
    return Opened()


@pytest.fixture
def pid(toy_services: Services) -> Iterator[str]:
    """A project of many tasks, whose trainings ended in each way and left long logs."""
    workspace = toy_services.workspace
    pid = workspace.create_project("p", "", "classification")
    for number in range(TASKS):
        tid = workspace.create_task(pid, "", "")
        folder = workspace.folder(workspace.task(tid))
        job = job_folder(folder, "train")
        (folder / "output").mkdir()
        job.mkdir(parents=True)
        (job / "progress.json").write_text('{"saved_epoch": 2, "num_epochs": 9}')
        for log in (job / "out.log", folder / "output/metrics.jsonl"):
            with log.open("wb") as file:
                file.truncate(1 << 30)  # sparse: it takes no room
        state = (states.DONE, states.FAILED, states.STOPPED)[number % 3]
        toy_services.jobs.record("train", tid, job, state, "Why.")
    yield pid


def test_lists_of_tasks_open_no_file(toy_services: Services, pid: str, opened: Opened) -> None:
    services = toy_services
    listed = tasks.list_all(services, None).items
    assert len(listed) == TASKS
    assert {each["status"] for each in listed} == {4, 8, 10}
    assert opened.during(lambda: tasks.list_all(services, None)) == []
    assert opened.during(lambda: tasks.list_all(services, pid)) == []
    assert opened.during(lambda: projects.get(services, pid)) == []
    assert opened.during(lambda: projects.list_all(services)) == []
    assert opened.during(lambda: attributes.get(services, "project", pid, None)) == []
    assert opened.during(lambda: [attributes.get(services, "task", each["id"], None) for each in listed]) == []
    # The listening works: a single task is asked for its progress.
    failed = next(each["id"] for each in listed if each["status"] == 10)
    assert [Path(name).name for name in opened.during(lambda: tasks.get(services, failed))] == ["progress.json"]


def test_the_first_list_after_a_start_opens_no_file(toy_services: Services, pid: str, opened: Opened) -> None:
    assert opened.during(lambda: tasks.list_all(toy_services, pid)) == []


def test_of_a_running_training_a_list_reads_the_progress_when_it_changed(
    toy_services: Services, pid: str, opened: Opened
) -> None:
    services = toy_services
    tid = services.workspace.create_task(pid, "", "")
    services.workspace.update(tid, configured=True)
    folder = job_folder(services.workspace.folder(services.workspace.task(tid)), "train")
    job = services.jobs.submit("train", tid, folder, {})
    until(lambda: services.jobs.progress(job))
    names = opened.during(lambda: tasks.list_all(services, pid))
    assert {Path(name).name for name in names} <= {"progress.json"}


def test_a_list_of_exported_models_reads_what_is_told_of_each_once(
    toy_services: Services, tmp_path: Path, opened: Opened
) -> None:
    services = toy_services
    pid = services.workspace.create_project("p", "", "classification")
    tid = services.workspace.create_task(pid, "", "")
    for number in range(20):
        folder = tmp_path / f"m{number}"
        folder.mkdir()
        (folder / "export.json").write_text('{"format": "onnx", "size": 7}')
        models.list_exported(services, pid, tid, "m", str(folder), None)
        (folder / "export.json").unlink()  # what was known at first is what is told
    listed: list[Any] = []
    names = opened.during(lambda: listed.extend(models.list_all(services, "exported").items))
    assert sorted(map(Path, names)) == sorted((services.workspace.root / "exported").iterdir())
    assert {(each["format"], each["size"], each["exported_type"]) for each in listed} == {("onnx", 7, 5)}
    assert opened.during(lambda: models.list_all(services, "exported")) == []
