"""The OpenAPI document: it is valid, has every call, and its examples are arguments that the calls take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import requests
from werkzeug.datastructures import MultiDict

from paddlex_restful.api.answers import encode
from paddlex_restful.api.arguments import read_arguments
from paddlex_restful.api.calls import CALLS
from paddlex_restful.api.openapi import openapi, operation_id
from paddlex_restful.api.statuses import STATUSES
from tests.conftest import Server

METHODS = ("get", "post", "put", "delete")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in openapi()["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def test_the_document_has_every_call_and_no_other() -> None:
    assert {(method, path) for method, path, _ in operations()} == {(call.method, call.path) for call in CALLS}
    assert {tag["name"] for tag in openapi()["tags"]} == {call.noun for call in CALLS}
    assert {operation["operationId"] for _, _, operation in operations()} == {operation_id(call) for call in CALLS}


def test_its_schemas_are_valid_and_all_its_references_lead_somewhere() -> None:
    components = openapi()["components"]
    for name, schema in components["schemas"].items():
        jsonschema_rs.meta.validate(schema)
        # Compiling resolves the references.
        jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
    for _, _, operation in operations():
        for response in operation["responses"].values():
            assert "$ref" not in response or response["$ref"].rpartition("/")[2] in components["responses"]


def test_the_numbers_of_the_statuses_have_names_and_meanings() -> None:
    for _, kind, meanings in STATUSES:
        schema = openapi()["components"]["schemas"][kind.__name__]
        assert schema["enum"] == [member.value for member in kind]
        assert schema["x-enum-varnames"] == [member.name for member in kind]
        assert schema["x-enum-descriptions"] == list(meanings)


def test_every_call_with_required_arguments_has_an_example_that_it_takes() -> None:
    models = {(call.method, call.path): call.arguments for call in CALLS}
    for method, path, operation in operations():
        model = models[method, path]
        required = {name for name, field in model.model_fields.items() if field.is_required()}
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            jsonschema_rs.validate(content["schema"], content["example"])
            shown = content["example"]
        else:
            parameters = operation.get("parameters", [])
            shown = {each["name"]: each["example"] for each in parameters if "example" in each}
            for each in parameters:
                if "example" in each:
                    jsonschema_rs.validate(each["schema"], each["example"])
        assert required <= set(shown), f"{method} {path} has no example of {required - set(shown)}"
        read_arguments(model, MultiDict(), encode(shown))


def test_the_server_answers_with_it_and_with_a_page_that_needs_no_outside_address(shared_server: Server) -> None:
    document = requests.get(f"{shared_server.url}/openapi.json", timeout=60)
    assert document.headers["Content-Type"] == "application/json"
    assert document.json()["openapi"] == "3.1.0"
    page = requests.get(f"{shared_server.url}/docs/", timeout=60)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "http" not in page.text.replace("http-equiv", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert name in page.text
        asset = requests.get(f"{shared_server.url}/docs/{name}", timeout=60)
        assert asset.status_code == 200
        assert asset.content
    assert requests.get(f"{shared_server.url}/docs", timeout=60).url.endswith("/docs/")
    assert requests.get(f"{shared_server.url}/docs/index.html", timeout=60).status_code == 404
