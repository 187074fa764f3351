"""Requests that are meant to break the server are refused in a sentence, and leave nothing in its log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conftest import Server

LEVELS = 900
"""Fewer than the parser refuses, more than Python's own calls may be nested."""


@pytest.fixture
def target(shared_server: Server) -> Iterator[Server]:
    """A server whose log says nothing of a fault afterwards."""
    before = shared_server.log.stat().st_size
    yield shared_server
    assert b"failed, reference" not in shared_server.log.read_bytes()[before:]


@pytest.mark.parametrize("value", ["[" * LEVELS + "]" * LEVELS, '{"a":' * LEVELS + "1" + "}" * LEVELS])
def test_deeply_nested_arguments_are_refused(target: Server, value: str) -> None:
    def answer(body: str) -> dict[str, Any]:
        return dict(requests.put(f"{target.url}/dataset", data=body, timeout=60).json())

    for name in ("did", "unknown"):
        message = answer(f'{{"path": "/data", "{name}": {value}}}')["message"]
        assert message == (
            f"The arguments need correction: {name} nests lists and objects more than 32 levels deep; send it flatter."
        )


def test_a_nul_character_inside_json_text_is_found(target: Server) -> None:
    pid = target.ok("POST", "/project", name="p", project_type="classification")["pid"]
    text = json.dumps({"name": "a\0b"})
    message = target.refused("PUT", "/workspace", struct="project", id=pid, attr_dict=text)
    assert message == "The arguments need correction: attr_dict must not contain a NUL character."


@pytest.mark.parametrize("number", ["²", "٣", "1" * 5000])
def test_a_demo_of_a_strange_number_is_an_unknown_type(target: Server, number: str) -> None:
    for method in ("GET", "PUT"):
        assert "classification, detection" in target.refused(method, "/demo", prj_type=number)


def test_a_refusal_does_not_repeat_megabytes(target: Server) -> None:
    message = target.refused("PUT", "/workspace", struct="x" * 2_000_000, id="P0001", attr_dict={})
    assert len(message) < 5000


def test_a_path_with_an_endless_name_is_told_as_such(target: Server) -> None:
    message = target.refused("POST", "/model", **_model(target, path="/" + "x" * 300))
    assert "is too long; use a shorter one" in message


def _model(server: Server, path: str) -> dict[str, Any]:
    pid = server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    tid = server.ok("POST", "/project/task", pid=pid)["tid"]
    return {"type": "exported", "pid": pid, "tid": tid, "name": "m", "path": path}
