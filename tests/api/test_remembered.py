"""Answers that are given again: the same as if they were made anew. That strangers get none: tests/attacks."""

from __future__ import annotations

import errno
import gc
import shutil
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import orjson
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from paddlex_restful.api import answers, remembered
from paddlex_restful.app import create_app
from paddlex_restful.checkpoints import CHECKPOINT_FILES
from paddlex_restful.config import Config
from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.logs import FILE, ServerLog
from paddlex_restful.results import RESULT_FILE
from paddlex_restful.services import Services, build_services, datasets


@dataclass
class Watched:
    """An application, and how often each of its addresses was worked on."""

    app: Flask
    services: Services
    log: ServerLog
    worked: dict[str, int]

    def get(self, path: str, **options: Any) -> TestResponse:
        response = self.app.test_client(use_cookies=False).get(path, **{"base_url": "http://localhost", **options})
        # Read before the next request.
        response.get_data()
        return response


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    config = Config(tmp_path / "workspace")
    services = build_services(config)
    log = ServerLog(services.workspace.root)
    app = create_app(config, services, log=log)
    worked: dict[str, int] = {}
    for endpoint, view in list(app.view_functions.items()):

        def counted(view: Any = view, endpoint: str = endpoint, **values: Any) -> Any:
            worked[endpoint] = worked.get(endpoint, 0) + 1
            return view(**values)

        counted.__dict__.update(view.__dict__)
        app.view_functions[endpoint] = counted
    yield Watched(app, services, log, worked)
    services.close()
    log.close()


def a_task(services: Services) -> tuple[str, Path]:
    """The id of a new task in a new project, and its folder."""
    pid = services.workspace.create_project("p", "", "classification")
    tid = services.workspace.create_task(pid, "t", "")
    return tid, services.workspace.folder(services.workspace.task(tid))


def without_id(response: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = [pair for pair in response.headers.items() if pair[0] != "X-Request-ID"]
    return response.status_code, response.data, headers


@pytest.mark.parametrize("path", ["/workspace", "/dataset", "/project", "/project/task", "/dataset?limit=3&sort=-name"])
def test_an_equal_request_is_answered_without_work_until_something_changes(watched: Watched, path: str) -> None:
    datasets.create(watched.services, "first", "", "classification")
    first, second = watched.get(path), watched.get(path, headers={"User-Agent": "another"})
    assert without_id(first) == without_id(second)
    [endpoint] = watched.worked
    assert watched.worked == {endpoint: 1}
    datasets.create(watched.services, "second", "", "classification")
    third = watched.get(path)
    assert watched.worked == {endpoint: 2}
    assert (b"second" in third.data) == path.startswith("/dataset")


def test_what_is_told_of_one_entry_follows_its_changes(watched: Watched) -> None:
    did = datasets.create(watched.services, "before", "", "classification")
    path = f"/workspace?struct=dataset&id={did}&attr_list=name"
    assert watched.get(path).json["attr"] == {"name": "before"}
    watched.services.workspace.update(did, name="after")
    assert watched.get(path).json["attr"] == {"name": "after"}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("train", "/project/task?tid={}"),
        ("train", "/project?id=P0001"),
        ("train", "/project/task/metrics?type=train&tid={}"),
        ("train", "/project/task/metrics?type=eval&tid={}"),
        ("train", "/project/task/metrics?type=eval_all&tid={}"),
        ("prune", "/project/task/metrics?type=prune&tid={}"),
        ("prune", "/project/task/prune?tid={}"),
        ("predict", "/project/task/predict?tid={}"),
        ("evaluate", "/project/task/evaluate?tid={}"),
        ("export", "/project/task/export?tid={}"),
        ("export", "/project/task/export?quant=log&tid={}"),
        ("export", "/project/task/export?quant=result&tid={}"),
    ],
)
def test_a_poll_is_answered_without_work_until_the_job_tells_something_else(
    watched: Watched, kind: str, path: str
) -> None:
    services = watched.services
    tid, task_folder = a_task(services)
    folder = job_folder(task_folder, kind)
    asked = path.format(tid)
    first = watched.get(asked)
    assert first.json["status"] == 1
    assert without_id(first) == without_id(watched.get(asked))
    assert sum(watched.worked.values()) == 1
    services.jobs.record(kind, tid, folder, states.FAILED, "The first failed.")
    told = {watched.get(asked).data for _ in range(2)}
    assert len(told) == 1
    assert sum(watched.worked.values()) == 2
    services.jobs.record(kind, tid, folder, states.FAILED, "The second failed.")
    last = watched.get(asked)
    assert sum(watched.worked.values()) == 3
    if "The first failed." in told.pop().decode():
        assert "The second failed." in last.text


def test_a_failure_behind_the_work_is_not_remembered(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    real = answers.for_reader

    def refuse(*_: Any) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files", "messages.mo")

    monkeypatch.setattr("paddlex_restful.api.calls.for_reader", refuse)
    assert watched.get("/workspace").json["status"] == -1
    monkeypatch.setattr("paddlex_restful.api.calls.for_reader", real)
    assert watched.get("/workspace").json["status"] == 1


def test_what_cannot_be_looked_at_is_worked_on(watched: Watched) -> None:
    services = watched.services
    tid, task_folder = a_task(services)
    folder = job_folder(task_folder, "train")
    services.jobs.record("train", tid, folder, states.DONE)
    path = f"/project/task/metrics?type=train&tid={tid}"
    assert watched.get(path).json["status"] == 1
    shutil.rmtree(folder)
    folder.symlink_to(folder)
    assert watched.get(path).json["status"] == -1


def test_answers_of_small_entries_do_not_hold_what_the_workspace_was_when_they_were_made(watched: Watched) -> None:
    did = datasets.create(watched.services, "first", "", "classification")
    watched.get(f"/dataset?did={did}")
    before = weakref.ref(watched.services.workspace.state)
    watched.services.workspace.update(did, name="second")
    gc.collect()
    assert before() is None


def test_whether_a_training_can_go_on_is_looked_at_each_time(watched: Watched) -> None:
    tid, folder = a_task(watched.services)
    path = f"/project/task?tid={tid}&resume=1"
    assert watched.get(path).json["max_saved_epochs"] == -1
    checkpoint = folder / "output" / "epoch_3"
    checkpoint.mkdir(parents=True)
    for name in CHECKPOINT_FILES:
        (checkpoint / name).touch()
    assert watched.get(path).json["max_saved_epochs"] == 3


def test_a_fault_is_not_remembered(watched: Watched) -> None:
    services = watched.services
    tid, folder = a_task(services)
    services.jobs.record("evaluate", tid, job_folder(folder, "evaluate"), states.DONE)
    path = f"/project/task/evaluate?tid={tid}"
    assert watched.get(path).json["status"] == -1
    (folder / "evaluate").mkdir(parents=True)
    (folder / "evaluate" / RESULT_FILE).write_text('{"Acc1": 0.5}')
    assert watched.get(path).json["result"] == {"Acc1": 0.5}


def test_a_request_that_differs_is_worked_on(watched: Watched) -> None:
    watched.get("/dataset")
    requests: list[dict[str, Any]] = [
        {"path": "/dataset?limit=1"},
        {"path": "/dataset", "headers": {"Accept-Language": "zh"}},
        {"path": "/dataset", "environ_overrides": {"HTTP_COOKIE": "language=zh"}},
        {"path": "/dataset", "base_url": "http://127.0.0.1"},
        {"path": "/dataset", "environ_overrides": {"REMOTE_ADDR": "127.0.0.2"}},
        {"path": "/dataset", "json": {"limit": 1}},
    ]
    for number, request in enumerate(requests, 2):
        watched.get(**request)
        assert sum(watched.worked.values()) == number, request
    # What is in a body is never remembered.
    assert "total" in watched.get("/dataset", json={"limit": 1}).json
    assert "total" not in watched.get("/dataset").json
    assert sum(watched.worked.values()) == len(requests) + 2


def test_nothing_is_remembered_while_the_server_closes(watched: Watched) -> None:
    assert watched.get("/workspace").status_code == 200
    watched.app.extensions["closing"].set()
    assert watched.get("/workspace").status_code == 503


def test_each_answer_has_its_own_id_is_counted_and_logged(watched: Watched) -> None:
    ids = [watched.get("/workspace").headers["X-Request-ID"] for _ in range(3)]
    assert len(set(ids)) == 3
    mine = watched.get("/workspace", headers={"X-Request-ID": "mine"})
    assert mine.headers.getlist("X-Request-ID") == ["mine"]
    assert sum(watched.worked.values()) == 1
    metrics = watched.get("/metrics").text
    assert 'http_requests_total{method="GET",path="/workspace",status="200"} 4' in metrics
    watched.log.close()
    lines = [orjson.loads(line) for line in (watched.services.workspace.root / FILE).read_bytes().splitlines()]
    told = [line["request_id"] for line in lines if line.get("path") == "/workspace"]
    assert told == [*ids, "mine"]


def test_only_so_much_is_remembered(watched: Watched) -> None:
    kept = watched.app.extensions[remembered.EXTENSION]._answers
    did = datasets.create(watched.services, "n" * 200, "d" * 4000, "classification")
    size = len(watched.get("/dataset").data)
    weight = kept._weight
    assert weight > size
    kept.most = 3 * weight + weight // 2

    def is_worked_on(path: str) -> bool:
        before = sum(watched.worked.values())
        assert did in watched.get(path).text
        return sum(watched.worked.values()) > before

    assert not is_worked_on("/dataset")
    assert is_worked_on("/dataset?limit=2")
    assert is_worked_on("/dataset?limit=3")
    # The one that was asked for longest ago makes room for a fourth.
    assert not is_worked_on("/dataset")
    assert is_worked_on("/dataset?limit=4")
    assert not is_worked_on("/dataset")
    assert is_worked_on("/dataset?limit=2")
    # One that is larger than all may be together makes room for nothing.
    kept.most = size // 2
    assert is_worked_on("/dataset?limit=5")
    assert is_worked_on("/dataset?limit=5")
