"""The calls as an OpenAPI 3.1 document, made of the table of calls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import groupby
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from paddlex_restful import __version__
from paddlex_restful.api.access import Access
from paddlex_restful.api.arguments import Arguments
from paddlex_restful.api.calls import CALLS, Call, FilePart
from paddlex_restful.api.examples import example
from paddlex_restful.api.idempotency import HEADER
from paddlex_restful.api.schemas import Refusal
from paddlex_restful.api.statuses import STATUSES

_JSON = "application/json"
_REFERENCE = "#/components/schemas/{model}"

_DESCRIPTION = """\
Train, prune, evaluate, predict with and export vision models of PaddlePaddle.

Arguments come in the query string or as one JSON object in the body, on every verb; here each is shown in the place \
where most clients put it. Numbers may come as text. Arguments that a call does not know change nothing; its answer \
names them.

A call that did what it was asked for answers `"status": 1`. What is to be put right is answered with HTTP 200, too: \
`"status": -1` and a sentence in `message`; nothing was changed then. Sentences are in English, or in Chinese for a \
request with `Accept-Language: zh`.
"""

_NOUNS: Mapping[str, str] = {
    "workspace": "The folder of the server; attributes of datasets, projects and tasks",
    "dataset": "Create, import, split, describe and delete datasets",
    "upload": "Archives of datasets, in chunks",
    "file": "Pictures, annotations and logs of the workspace",
    "project": "Create, list and delete projects",
    "task": "Create, list and delete tasks; their parameters",
    "events": "What happens to a task, as it happens",
    "train": "Start, stop and resume trainings, and what they measured",
    "prune": "What the pruning of each layer costs",
    "evaluate": "Evaluate trained tasks",
    "predict": "Predict with trained tasks",
    "export": "Export trained tasks",
    "model": "Saved and exported models, and those that can be trained",
    "download": "Models as archives",
    "system": "The machine, and a stop for all jobs",
    "health": "For programs that watch the server",
    "demo": "Demo projects",
}
"""What the calls of a noun are for, in the order of the document."""

_FAILURES: Mapping[str, str] = {
    "400": "The request is no HTTP that the server can read",
    "401": "The access token is missing or wrong",
    "403": "The server does not go by the name in Host, or the page that asks is of another site",
    "404": "There is no such address",
    "405": "The address does not take this verb",
    "413": "The request is too large",
    "429": "Too many wrong access tokens came from this address",
    "503": "The server is shutting down",
}
"""HTTP statuses of what never reaches a call; all have the form of a refusal."""


_SECURITY: Mapping[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "the access token"},
    "token": {"type": "apiKey", "in": "query", "name": "token", "description": "the access token, in an address"},
}
"""How a client shows the access token; a browser that showed it once has a cookie after that."""

_KEY: Mapping[str, Any] = {
    "name": HEADER,
    "in": "header",
    "description": "The same key gives the same answer, and nothing is done again; each new request has a new key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "0f8c6a2e-5d5e-4f0e-9a53-0b6c6b1f6d0e",
}


def operation_id(call: Call) -> str:
    """The name of a call in the document, such as ``post_project_task_train``."""
    return f"{call.method.lower()}{call.path.replace('/', '_')}"


@cache
def openapi() -> dict[str, Any]:
    """The document; shared, not to be changed."""
    models: set[type[BaseModel]] = {Refusal, *(answer for call in CALLS for answer in call.answers)}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema([(model, "serialization") for model in ordered], ref_template=_REFERENCE)
    schemas = definitions["$defs"]
    for _, kind, meanings in STATUSES:
        schemas[kind.__name__] |= {
            "x-enum-varnames": [member.name for member in kind],
            "x-enum-descriptions": list(meanings),
        }
    calls = sorted(CALLS, key=lambda call: call.path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "PaddleX RESTful", "version": __version__, "description": _DESCRIPTION},
        "tags": [{"name": noun, "description": words} for noun, words in _NOUNS.items()],
        # The empty one: on a loopback address no token is needed unless one is set.
        "security": [{}, *({name: []} for name in _SECURITY)],
        "paths": {
            path: {call.method.lower(): _operation(call) for call in of_path}
            for path, of_path in groupby(calls, lambda call: call.path)
        },
        "components": {
            "schemas": schemas,
            "parameters": {HEADER: _KEY},
            "securitySchemes": _SECURITY,
            "responses": {
                code: {"description": words, "content": {_JSON: {"schema": _reference(Refusal)}}}
                for code, words in _FAILURES.items()
            },
        },
    }


def _operation(call: Call) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": operation_id(call),
        "tags": [call.noun],
        "summary": call.summary,
        "responses": {"200": _success(call)} | {code: {"$ref": f"#/components/responses/{code}"} for code in _FAILURES},
    }
    if call.access is Access.OPEN:
        operation["security"] = []
    if call.method == "POST":
        operation["parameters"] = [{"$ref": f"#/components/parameters/{HEADER}"}]
    schema = arguments_schema(call.arguments)
    if call.body == "bytes":
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    if not schema["properties"]:
        return operation
    if call.method in ("POST", "PUT") and call.body != "bytes":
        content: dict[str, Any] = {_JSON: {"schema": schema, "example": example(schema)}}
        if call.files:
            form = {**schema, "properties": schema["properties"] | _files(call.files)}
            content["multipart/form-data"] = {"schema": form}
        operation["requestBody"] = {"required": bool(schema.get("required")), "content": content}
    else:
        operation["parameters"] = [_parameter(schema, name) for name in schema["properties"]]
    return operation


def _files(files: Mapping[str, FilePart]) -> dict[str, Any]:
    one = {"type": "string", "contentMediaType": "application/octet-stream"}
    return {
        name: {**({"type": "array", "items": one} if part.many else one), "description": part.description}
        for name, part in files.items()
    }


def _parameter(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    described = dict(schema["properties"][name])
    parameter = {
        "name": name,
        "in": "query",
        "required": name in schema.get("required", ()),
        "description": described.pop("description"),
        "schema": described,
    }
    shown = example({"properties": {name: described}, "required": [name], "type": "object"})[name]
    return parameter if shown is None else {**parameter, "example": shown}


def _success(call: Call) -> dict[str, Any]:
    models: list[type[BaseModel]] = [*call.answers, Refusal]
    told = [_reference(model) for model in models]
    content: dict[str, Any] = {media: {"schema": {}} for media in call.media}
    if not {_JSON, "*/*"}.isdisjoint(call.media):
        told.append({"description": "The content of a JSON file"})
    content[_JSON] = {"schema": {"anyOf": told}}
    return {"description": "What the call did, or why it did nothing", "content": content}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


@cache
def arguments_schema(model: type[Arguments]) -> dict[str, Any]:
    """The JSON schema of the arguments of a call, each with its description; shared, not to be changed.

    Null and absence are the same, so that it tells of optional arguments what they are when they are given.
    """
    schema = model.model_json_schema()
    properties = {name: _given(field) for name, field in schema.get("properties", {}).items()}
    required = schema.get("required")
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _given(field: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an argument without its title, and without null."""
    kept = {key: value for key, value in field.items() if key not in ("title", "anyOf")}
    if kept.get("default", "") is None:
        del kept["default"]
    choices = [choice for choice in field.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return {**choices[0], **kept}
    return {**kept, "anyOf": choices} if choices else kept
