"""The calls in words: what ``GET /`` answers and what ``docs/api.md`` says."""

from __future__ import annotations

from pathlib import Path

from paddlex_restful.api import document
from paddlex_restful.api.calls import CALLS
from tests.conftest import Server

API = Path(__file__).parents[2] / "docs/api.md"


def test_the_document_is_what_the_code_makes() -> None:
    assert API.read_text(encoding="utf-8") == document.document(), "run: make docs"


def test_every_call_describes_its_arguments_and_the_fields_of_its_answers() -> None:
    for call in CALLS:
        told = document.describe(call)
        assert [each["name"] for each in told["arguments"]] == list(call.arguments.model_fields)
        assert all(each["description"] and each["type"] for each in told["arguments"])
        for answer in call.answers:
            assert answer.__doc__
            assert all(field.description for field in answer.model_fields.values()), answer


def test_the_front_page_tells_the_arguments_of_each_call(shared_server: Server) -> None:
    calls = {(call["method"], call["path"]): call for call in shared_server.ok("GET", "/")["calls"]}
    split = {each["name"]: each for each in calls["PUT", "/dataset/split"]["arguments"]}
    assert split["did"] == {
        "name": "did",
        "type": "text",
        "required": True,
        "default": None,
        "description": "id of a dataset, such as D0001",
    }
    assert split["val_split"]["type"] == "number"
    types = {each["name"]: each["type"] for call in calls.values() for each in call["arguments"]}
    assert types["attr_list"] == "list of text"
    assert types["attr_dict"] == "object"
    assert types["topk"] == "whole number, at least 1"
    assert types["score_thresh"] == "number, at least 0, at most 1"
    assert types["act"] == "stop or resume"
    assert types["quant"] == "log or result"
