"""The calls in words: for ``GET /``, and as ``docs/api.md`` (``python -m paddlex_restful.api.document`` prints it)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import Any

from paddlex_restful.api.answers import encode
from paddlex_restful.api.calls import CALLS, Arguments, Call
from paddlex_restful.api.openapi import arguments_schema, openapi
from paddlex_restful.api.schemas import Answer, Nothing
from paddlex_restful.api.statuses import STATUSES

_HEAD = """# The calls

Made from the code by `make docs`; a server has the same to read and try at `/docs`, and for programs as OpenAPI 3.1 at
`/openapi.json`. The rules that all calls keep, and how a call answers what is wrong, are in [http.md](http.md). A call
that succeeded answers `"status": 1` beside what is named here.
"""

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
_LIMITS = {"minimum": "at least {}", "maximum": "at most {}", "maxLength": "at most {} characters"}


def describe(call: Call) -> dict[str, Any]:
    """A call as ``GET /`` tells it.

    Returns:
        ``method``, ``path``, ``summary`` and ``arguments``; of each of those ``name``, ``type`` in words, ``required``,
        ``default`` and ``description``. A call that takes forms has ``files``, too: the ``name``, ``many`` and
        ``description`` of each.
    """
    files = [{"name": name, "many": part.many, "description": part.description} for name, part in call.files.items()]
    return {
        "method": call.method,
        "path": call.path,
        "summary": call.summary,
        "arguments": _arguments(call.arguments),
        **({"files": files} if files else {}),
    }


def document() -> str:
    """All calls and the numbers of their statuses, in Markdown."""
    return "\n".join(_lines()) + "\n"


@cache
def _arguments(model: type[Arguments]) -> list[dict[str, Any]]:
    schema = arguments_schema(model)
    return [
        {
            "name": name,
            "type": _in_words(field),
            "required": name in schema.get("required", ()),
            "default": field.get("default"),
            "description": field["description"],
        }
        for name, field in schema["properties"].items()
    ]


def _in_words(field: Mapping[str, Any]) -> str:
    """The type of a field of a JSON schema, as people call it."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if "enum" in _definition(field) else "object"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_in_words(choice) for choice in field["anyOf"]))
    if "const" in field:
        return encode(field["const"]).decode()
    if "enum" in field:
        return " or ".join(map(str, field["enum"]))
    if field.get("type") == "array":
        return f"list of {_in_words(field.get('items', {}))}"
    words = _WORDS.get(field.get("type", ""), "anything")
    return ", ".join([words, *(limit.format(field[key]) for key, limit in _LIMITS.items() if key in field)])


def _lines() -> Iterator[str]:
    yield _HEAD
    for path, calls in groupby(sorted(CALLS, key=lambda call: call.path), lambda call: call.path):
        yield f"## {path}\n"
        for call in calls:
            told = describe(call)
            yield f"### {call.method} {path}\n\n{call.summary}\n"
            if told["arguments"]:
                yield "| argument | type | default | what |\n|---|---|---|---|"
                for each in told["arguments"]:
                    default = "required" if each["required"] else _shown(each["default"])
                    yield f"| `{each['name']}` | {each['type']} | {default} | {each['description']} |"
                for name, part in call.files.items():
                    yield f"| `{name}` | {'files' if part.many else 'file'} | – | {part.description} |"
                yield ""
            yield from _answers(call)
    yield "## Statuses"
    for fields, kind, meanings in STATUSES:
        yield f"\n### {kind.__name__}\n\n{fields}\n\n| number | name | what |\n|---|---|---|"
        for member, meaning in zip(kind, meanings, strict=True):
            yield f"| {member.value} | {member.name} | {meaning} |"


def _answers(call: Call) -> Iterator[str]:
    for model in call.answers:
        yield f"Answer: {_summary(model)}\n"
        fields = list(_fields(openapi()["components"]["schemas"][model.__name__], ""))
        if fields:
            yield "\n".join(fields) + "\n"
    if call.media:
        kinds = ", ".join(f"`{media}`" for media in call.media).replace("`*/*`", "of any kind")
        yield f"Answer: the bytes of a file, {kinds}\n"


def _summary(model: type[Answer]) -> str:
    words = (model.__doc__ or "").partition("\n")[0]
    return "nothing more." if model is Nothing else words


def _fields(schema: Mapping[str, Any], indent: str) -> Iterator[str]:
    """A line for each field of an object, with those of the objects in it below."""
    for name, field in schema.get("properties", {}).items():
        if not indent and name in Answer.model_fields:
            continue
        description = f": {field['description']}" if "description" in field else ""
        yield f"{indent}- `{name}`, {_in_words(field)}{description}"
        for inner in _inner(field):
            yield from _fields(inner, f"{indent}  ")


def _inner(field: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects that a field holds: itself, one of a choice, those of a list or those under keys."""
    if "$ref" in field:
        yield _definition(field)
    for choice in field.get("anyOf", ()):
        yield from _inner(choice)
    for key in ("items", "additionalProperties"):
        if isinstance(field.get(key), dict):
            yield from _inner(field[key])


def _definition(reference: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = openapi()["components"]["schemas"][reference["$ref"].rpartition("/")[2]]
    return found


def _shown(default: object) -> str:
    return "–" if default is None else f"`{encode(default).decode()}`"


if __name__ == "__main__":
    sys.stdout.write(document())
