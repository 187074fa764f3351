"""Training parameters as the fields of a form, read from their schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from paddlex_restful.params.defaults import default_params, models
from paddlex_restful.params.schema import PARAMS_MODELS, Group

Kind = Literal["switch", "whole", "number", "choice", "text", "list"]


@dataclass(frozen=True)
class Field:
    """A parameter.

    Attributes:
        name: of the parameter.
        group: with which it stands.
        title: what people call it.
        help: what it does, in a line.
        expected: what it may be, in words.
        kind: of what it consists; a ``list`` is of any length, and is written with commas.
        parts: names of the values that it consists of; empty for a single one.
        least: the least value; None where there is none.
        most: the greatest value.
        choices: the values among which is chosen.
    """

    name: str
    group: Group
    title: str
    help: str
    expected: str
    kind: Kind
    parts: Sequence[str]
    least: float | None
    most: float | None
    choices: Sequence[str]


def fields(project_type: str, model: str) -> list[Field]:
    """The parameters that a form has for a model, in the order in which they stand.

    Left out are those that belong to other models of the type, and those that are set in other ways than forms.

    Args:
        project_type: such as ``detection``.
        model: its name.

    Raises:
        UserError: there is no such type or model.
    """
    named = default_params(project_type, model).keys()
    others = _named(project_type) - named
    found = [field for field in _fields(project_type) if field.group == "essential" or field.name not in others]
    return sorted(found, key=lambda field: _GROUPS.index(field.group))


def defaults(project_type: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of those parameters that a model's own defaults leave out, with these over them.

    Args:
        project_type: such as ``detection``.
        params: what ``default_params`` gave.
    """
    schema = PARAMS_MODELS[project_type].model_fields
    return {name: field.default for name, field in schema.items() if not field.is_required()} | dict(params)


_GROUPS: tuple[Group, ...] = ("essential", "training", "rate", "geometry", "colour", "net")


@cache
def _named(project_type: str) -> frozenset[str]:
    """The parameters that any model of the type has among its own defaults."""
    return frozenset(name for model in models(project_type) for name in default_params(project_type, model))


@cache
def _fields(project_type: str) -> tuple[Field, ...]:
    properties = PARAMS_MODELS[project_type].model_json_schema()["properties"]
    return tuple(_field(name, told) for name, told in properties.items() if "group" in told)


def _field(name: str, told: Mapping[str, Any]) -> Field:
    value = next((each for each in told.get("anyOf", ()) if each["type"] != "null"), told)
    parts = told["parts"]
    if value["type"] == "array" and parts:
        value = value["items"]
    kind: Kind = "choice" if "enum" in value else _KINDS[value["type"]]
    return Field(
        name=name,
        group=told["group"],
        title=told["title"],
        help=told["help"],
        expected=told["description"],
        kind=kind,
        parts=tuple(parts),
        least=value.get("minimum", value.get("exclusiveMinimum")),
        most=value.get("maximum", value.get("exclusiveMaximum")),
        choices=tuple(value.get("enum", ())),
    )


_KINDS: Mapping[str, Kind] = {
    "boolean": "switch",
    "integer": "whole",
    "number": "number",
    "string": "text",
    "array": "list",
}
