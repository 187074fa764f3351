"""Answers as clients get them: strict JSON for every success and every failure."""

from __future__ import annotations

import json
import logging
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy
import orjson
import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.exceptions import ServiceUnavailable

from paddlex_restful.api.answers import answer, encode, failure, register_failures
from paddlex_restful.errors import UserError


class Colour(IntEnum):
    RED = 3


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1 << 20
    register_failures(app)

    @app.post("/read")
    def read() -> Response:
        return answer({"size": len(request.get_data())})

    @app.get("/user")
    def user() -> Response:
        raise UserError("{thing} 不见了; look for it.", thing="The dataset")

    @app.get("/fault")
    def fault() -> Response:
        raise KeyError("secret detail")

    @app.get("/full")
    def full() -> Response:
        raise OSError(28, "No space left on device", "/data/workspace.pb")

    @app.get("/long")
    def long() -> Response:
        raise OSError(36, "File name too long", "a" * 10_000_000)

    @app.get("/closing")
    def closing() -> Response:
        raise ServiceUnavailable

    return app.test_client()


def strict(data: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(data, parse_constant=refuse)


def test_figures_that_cannot_be_computed_are_null() -> None:
    value = {
        "a": float("nan"),
        "b": [float("inf"), -float("inf")],
        "c": numpy.float32("nan"),
        "d": numpy.array([1.5, float("nan")]),
    }
    assert strict(encode(value)) == {"a": None, "b": [None, None], "c": None, "d": [1.5, None]}


def test_what_python_code_returns_has_a_form() -> None:
    value = {
        1: Path("/数据/a b.png"),
        2.5: Colour.RED,
        None: (1, 2),
        "set": {"b", "a"},
        "map": MappingProxyType({"x": numpy.int64(7)}),
    }
    expected = {"1": "/数据/a b.png", "2.5": 3, "null": [1, 2], "set": ["a", "b"], "map": {"x": 7}}
    assert strict(encode(value)) == expected


def test_a_file_name_that_is_not_utf8_does_not_break_the_answer() -> None:
    name = b"\xca\xfd.jpg".decode("utf-8", "surrogateescape")
    text = strict(encode({"files": [name, Path(name), {name: 1}], "good": "数"}))
    assert text["good"] == "数"
    assert all(entry.endswith(".jpg") for entry in text["files"][:2])
    orjson.loads(encode({"files": [name]}))


def test_what_has_no_form_in_json_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError):
        encode({"a": object()})


def test_an_answer_carries_status_1_whatever_its_fields() -> None:
    assert answer().json == {"status": 1}
    assert answer({"did": "D0001", "status": 7}).json == {"did": "D0001", "status": 1}
    assert answer().mimetype == "application/json"


def test_a_failure_is_http_200_with_status_minus_1() -> None:
    response = failure("Why.")
    assert (response.status_code, response.json) == (200, {"status": -1, "message": "Why."})


def test_a_user_error_is_told_as_it_is(client: FlaskClient) -> None:
    response = client.get("/user")
    assert response.status_code == 200
    assert response.json == {"status": -1, "message": "The dataset 不见了; look for it."}


def test_a_fault_is_logged_and_told_by_its_reference_only(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        response = client.get("/fault")
    assert (response.status_code, response.json["status"]) == (200, -1)
    text = response.json["message"]
    assert "secret detail" not in text
    assert "KeyError" not in text
    reference = text.partition("reference ")[2].partition(")")[0]
    assert len(reference) == 16
    assert f"GET /fault failed, reference {reference}" in caplog.text
    assert "KeyError: 'secret detail'" in caplog.text


def test_a_full_disk_is_told_as_such(client: FlaskClient) -> None:
    assert client.get("/full").json["message"].startswith("The disk is full")


def test_a_name_without_end_is_not_repeated_whole(client: FlaskClient) -> None:
    message = client.get("/long").get_json()["message"]
    assert "a" * 1000 in message
    assert len(message) < 10_000


@pytest.mark.parametrize(
    ("method", "path", "size", "code", "part"),
    [
        ("GET", "/nowhere", 0, 404, "no address /nowhere"),
        ("DELETE", "/read", 0, 405, "/read does not take DELETE; it takes POST."),
        ("POST", "/read", (1 << 20) + 1, 413, "its limit is 1 MiB"),
        ("GET", "/closing", 0, 503, "shutting down"),
    ],
)
def test_http_errors_have_the_same_form(
    client: FlaskClient, method: str, path: str, size: int, code: int, part: str
) -> None:
    response = client.open(path, method=method, data=b"x" * size)
    assert response.status_code == code
    assert response.json["status"] == -1
    assert part in response.json["message"]


def test_a_refused_verb_names_the_allowed_ones_in_its_header(client: FlaskClient) -> None:
    assert "POST" in client.delete("/read").headers["Allow"]
