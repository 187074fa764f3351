"""Answers that are given again: the same as if they were made anew, and to nobody who would not get them anyway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from paddlex_restful.api import remembered
from paddlex_restful.app import create_app
from paddlex_restful.config import Config
from paddlex_restful.logs import FILE, ServerLog
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

    def token(self) -> str:
        return str(self.app.extensions["guard"].token.value)


def watched(folder: Path, *, require_token: bool = False) -> Iterator[Watched]:
    config = Config(folder / "workspace", require_token=require_token)
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


@pytest.fixture
def open_to_all(tmp_path: Path) -> Iterator[Watched]:
    yield from watched(tmp_path)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Watched]:
    yield from watched(tmp_path, require_token=True)


def without_id(response: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = [pair for pair in response.headers.items() if pair[0] != "X-Request-ID"]
    return response.status_code, response.data, headers


@pytest.mark.parametrize("path", ["/workspace", "/dataset", "/project", "/project/task", "/dataset?limit=3&sort=-name"])
def test_an_equal_request_is_answered_without_work_until_something_changes(open_to_all: Watched, path: str) -> None:
    datasets.create(open_to_all.services, "first", "", "classification")
    first, second = open_to_all.get(path), open_to_all.get(path, headers={"User-Agent": "another"})
    assert without_id(first) == without_id(second)
    [endpoint] = open_to_all.worked
    assert open_to_all.worked == {endpoint: 1}
    datasets.create(open_to_all.services, "second", "", "classification")
    third = open_to_all.get(path)
    assert open_to_all.worked == {endpoint: 2}
    assert (b"second" in third.data) == path.startswith("/dataset")


def test_what_is_told_of_one_entry_follows_its_changes(open_to_all: Watched) -> None:
    did = datasets.create(open_to_all.services, "before", "", "classification")
    path = f"/workspace?struct=dataset&id={did}&attr_list=name"
    assert open_to_all.get(path).json["attr"] == {"name": "before"}
    open_to_all.services.workspace.update(did, name="after")
    assert open_to_all.get(path).json["attr"] == {"name": "after"}


def test_a_request_that_differs_is_worked_on(open_to_all: Watched) -> None:
    open_to_all.get("/dataset")
    requests: list[dict[str, Any]] = [
        {"path": "/dataset?limit=1"},
        {"path": "/dataset", "headers": {"Accept-Language": "zh"}},
        {"path": "/dataset", "environ_overrides": {"HTTP_COOKIE": "language=zh"}},
        {"path": "/dataset", "base_url": "http://127.0.0.1"},
        {"path": "/dataset", "environ_overrides": {"REMOTE_ADDR": "127.0.0.2"}},
        {"path": "/dataset", "json": {"limit": 1}},
    ]
    for number, request in enumerate(requests, 2):
        open_to_all.get(**request)
        assert sum(open_to_all.worked.values()) == number, request
    # What is in a body is never remembered.
    assert "total" in open_to_all.get("/dataset", json={"limit": 1}).json
    assert "total" not in open_to_all.get("/dataset").json
    assert sum(open_to_all.worked.values()) == len(requests) + 2


def test_a_stranger_gets_nothing_that_was_remembered(guarded: Watched) -> None:
    right = {"Authorization": f"Bearer {guarded.token()}"}
    for _ in range(2):
        assert guarded.get("/workspace", headers=right).status_code == 200
        assert guarded.get(f"/workspace?token={guarded.token()}").status_code == 200
        assert guarded.get("/workspace").status_code == 401
        assert guarded.get("/workspace?token=wrong").status_code == 401
        assert guarded.get("/workspace", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert guarded.get("/workspace", headers=right, base_url="http://evil.example").status_code == 403
        assert guarded.get("/workspace", headers={**right, "Origin": "http://evil.example"}).status_code == 403
    # Once for the header, once for the address.
    assert guarded.worked == {"workspace.GET /workspace": 2}


def test_nothing_is_remembered_while_the_server_closes(open_to_all: Watched) -> None:
    assert open_to_all.get("/workspace").status_code == 200
    open_to_all.app.extensions["closing"].set()
    assert open_to_all.get("/workspace").status_code == 503


def test_each_answer_has_its_own_id_is_counted_and_logged(open_to_all: Watched) -> None:
    ids = [open_to_all.get("/workspace").headers["X-Request-ID"] for _ in range(3)]
    assert len(set(ids)) == 3
    mine = open_to_all.get("/workspace", headers={"X-Request-ID": "mine"})
    assert mine.headers.getlist("X-Request-ID") == ["mine"]
    assert sum(open_to_all.worked.values()) == 1
    metrics = open_to_all.get("/metrics").text
    assert 'http_requests_total{method="GET",path="/workspace",status="200"} 4' in metrics
    open_to_all.log.close()
    lines = [orjson.loads(line) for line in (open_to_all.services.workspace.root / FILE).read_bytes().splitlines()]
    told = [line["request_id"] for line in lines if line.get("path") == "/workspace"]
    assert told == [*ids, "mine"]


def test_only_so_much_is_remembered(open_to_all: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    did = datasets.create(open_to_all.services, "n" * 200, "d" * 4000, "classification")
    size = len(open_to_all.get("/dataset").data)
    monkeypatch.setattr(remembered, "MOST_BYTES", 3 * size + size // 2)

    def is_worked_on(path: str) -> bool:
        before = sum(open_to_all.worked.values())
        assert did in open_to_all.get(path).text
        return sum(open_to_all.worked.values()) > before

    assert not is_worked_on("/dataset")
    assert is_worked_on("/dataset?limit=2")
    assert is_worked_on("/dataset?limit=3")
    # The one that was asked for longest ago makes room for a fourth.
    assert not is_worked_on("/dataset")
    assert is_worked_on("/dataset?limit=4")
    assert not is_worked_on("/dataset")
    assert is_worked_on("/dataset?limit=2")
    # One that is larger than all may be together makes room for nothing.
    monkeypatch.setattr(remembered, "MOST_BYTES", size // 2)
    assert is_worked_on("/dataset?limit=5")
    assert is_worked_on("/dataset?limit=5")
