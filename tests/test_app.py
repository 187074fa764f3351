"""The application without a server around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from paddlex_restful import __version__
from paddlex_restful.api.calls import CALLS
from paddlex_restful.app import create_app
from paddlex_restful.config import Config
from paddlex_restful.services import build_services


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    config = Config(tmp_path / "workspace")
    services = build_services(config)
    yield create_app(config, services, max_body=1 << 20)
    services.close()


def test_the_front_page_says_what_this_is_and_lists_the_calls(app: Flask) -> None:
    answer = app.test_client().get("/").json
    assert (answer["status"], answer["name"], answer["version"]) == (1, "PaddleX RESTful", __version__)
    assert len(answer["calls"]) == len(CALLS)
    assert all(call["summary"] for call in answer["calls"])


def test_every_declared_call_is_served(app: Flask) -> None:
    served = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert {(call.method, call.path) for call in CALLS} <= served
    assert len({(call.method, call.path) for call in CALLS}) == len(CALLS)


def test_the_services_are_reached_through_the_application(tmp_path: Path) -> None:
    app = create_app(Config(tmp_path / "workspace"))
    services = app.extensions["services"]
    assert services.config.workspace_dir == tmp_path / "workspace"
    services.close()


def test_unknown_addresses_and_too_much_are_told_in_json(app: Flask) -> None:
    client = app.test_client()
    missing = client.get("/nowhere")
    assert (missing.status_code, missing.json["status"]) == (404, -1)
    assert client.get("/").status_code == 200
    many = client.post("/dataset", data=b" " * (2 << 20))
    assert (many.status_code, many.json["status"]) == (413, -1)


def test_a_doubled_slash_reaches_the_call(app: Flask) -> None:
    answer = app.test_client().get("//workspace", base_url="http://localhost", follow_redirects=True)
    assert (answer.status_code, answer.json["status"]) == (200, 1)


def test_while_closing_every_call_answers_503(app: Flask) -> None:
    app.extensions["closing"].set()
    response = app.test_client().get("/")
    assert (response.status_code, response.json["status"]) == (503, -1)
    assert "Retry-After" in response.headers
