"""/health, /ready and /metrics."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from paddlex_restful import __version__, system
from paddlex_restful.app import create_app
from paddlex_restful.config import Config
from paddlex_restful.services import build_services, health
from paddlex_restful.system.gpu import Gpu, Gpus
from tests.conftest import Server
from tests.flow import import_dataset
from tests.images import make_classification

LINE = re.compile(r'([a-z_]+)(\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? ([0-9.e+-]+)')


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    config = Config(tmp_path / "workspace", token="a-token-of-the-tests")
    services = build_services(config)
    yield create_app(config, services)
    services.close()


@pytest.fixture
def every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH", 0.0)


def figures(text: str) -> dict[str, float]:
    """What the text tells; fails where a line has not the form."""
    found = {}
    for line in text.splitlines():
        if not line.startswith(("# HELP ", "# TYPE ")):
            match = LINE.fullmatch(line)
            assert match, line
            name = match[1] + (match[2] or "")
            assert name not in found
            found[name] = float(match[3])
    return found


def test_health_and_readiness_need_no_token_and_metrics_do(app: Flask) -> None:
    for path in ("/health", "/ready"):
        response = app.test_client().get(path)
        assert (response.status_code, response.json) == (200, {"status": 1})
    assert app.test_client().get("/metrics").status_code == 401


def test_while_the_server_ends_it_lives_and_is_not_ready(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/ready").json == {"status": 1}
    app.extensions["closing"].set()
    response = client.get("/ready")
    assert (response.status_code, response.json["status"]) == (503, -1)
    assert "shutting down" in response.json["message"]
    assert client.get("/health").json == {"status": 1}


def test_a_workspace_that_is_gone_makes_the_server_not_ready_until_it_is_back(server: Server) -> None:
    away = server.workspace.with_name("away")
    server.workspace.rename(away)
    try:
        response = requests.get(f"{server.url}/ready", timeout=60)
    finally:
        away.rename(server.workspace)
    assert response.status_code == 503
    assert "cannot be written" in response.json()["message"]
    assert response.headers["Retry-After"]
    wait_until_ready(server)
    assert not list(server.workspace.glob(".*.tmp"))


def wait_until_ready(server: Server) -> None:
    import time

    deadline = time.monotonic() + 90
    while requests.get(f"{server.url}/ready", timeout=60).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.usefixtures("every_look")
def test_a_full_disk_makes_the_server_not_ready(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**options: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    client = app.test_client()
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "TemporaryFile", full)
        response = client.get("/ready")
        assert response.status_code == 503
        assert "No space left on device" in response.json["message"]
        assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 200


def test_the_disk_is_asked_once_a_second_however_many_ask(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(health, "_write_problem", lambda root: looks.append(root))
    monkeypatch.setattr(health, "FRESH", 60.0)
    for _ in range(20):
        assert app.test_client().get("/ready").status_code == 200
    assert len(looks) == 1


def test_jobs_that_nobody_attends_to_make_the_server_not_ready(app: Flask) -> None:
    app.extensions["services"].jobs.close()
    response = app.test_client().get("/ready")
    assert response.status_code == 503
    assert "start it again" in response.json["message"]


def test_requests_are_counted_by_verb_address_and_status(server: Server) -> None:
    for _ in range(3):
        server.ok("GET", "/workspace")
    server.refused("GET", "/dataset", did="D9999")
    for number in range(5):
        assert requests.get(f"{server.url}/nowhere/{number}", timeout=60).status_code == 404
        assert requests.request(f"VERB{number}", f"{server.url}/workspace", timeout=60).status_code == 405
    response = requests.get(f"{server.url}/metrics", timeout=60)
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = figures(response.text)
    name = "paddlex_restful_http_requests_total"
    assert found[f'{name}{{method="GET",path="/workspace",status="200"}}'] == 3
    assert found[f'{name}{{method="GET",path="/dataset",status="200"}}'] == 1
    assert found[f'{name}{{method="GET",path="unknown",status="404"}}'] == 5
    assert found[f'{name}{{method="unknown",path="unknown",status="405"}}'] == 5
    name = "paddlex_restful_http_request_duration_seconds"
    labels = 'method="GET",path="/workspace"'
    buckets = [value for key, value in found.items() if key.startswith(f"{name}_bucket{{{labels}")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == found[f"{name}_count{{{labels}}}"] == found[f'{name}_bucket{{{labels},le="+Inf"}}'] == 3
    assert 0 < found[f"{name}_sum{{{labels}}}"] < 60


def test_jobs_disk_and_program_are_told(server: Server, tmp_path: Path) -> None:
    import_dataset(server, make_classification(tmp_path / "source", 2))
    text = requests.get(f"{server.url}/metrics", timeout=60).text
    found = figures(text)
    assert found['paddlex_restful_jobs{kind="import",state="done"}'] == 1
    assert 0 < found["paddlex_restful_disk_free_bytes"] < found["paddlex_restful_disk_total_bytes"]
    assert f'paddlex_restful_build_info{{version="{__version__}"' in text
    assert "# TYPE paddlex_restful_http_request_duration_seconds histogram" in text


def test_gpus_are_told_where_they_tell(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    cards = (Gpu(1, 3, 4, 25), Gpu(None, None, None))
    monkeypatch.setattr(system, "read_gpus", lambda: Gpus(cards, "550"))
    headers = {"Authorization": "Bearer a-token-of-the-tests"}
    found = figures(app.test_client().get("/metrics", headers=headers).text)
    assert found['paddlex_restful_gpu_memory_used_bytes{gpu="0"}'] == 3 << 20
    assert found['paddlex_restful_gpu_memory_total_bytes{gpu="0"}'] == 4 << 20
    assert found['paddlex_restful_gpu_utilization_ratio{gpu="0"}'] == 0.25
    assert not any('gpu="1"' in name for name in found)
