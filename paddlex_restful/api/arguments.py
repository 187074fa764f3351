"""Arguments of a call: from a JSON body or the query string to a checked model, or to a sentence on what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, PrivateAttr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from werkzeug.datastructures import MultiDict

from paddlex_restful.errors import UserError
from paddlex_restful.messages import CLAUSES, NAMES
from paddlex_restful.messages import api as messages
from paddlex_restful.messages import params as params_messages
from paddlex_restful.paths import readable
from paddlex_restful.services.listing import Order, Selection

MOST_LEVELS = 32
"""So deep may lists and objects of an argument be nested."""

MOST_UNKNOWN = 20
"""So many of the arguments that a call does not know are told."""

_LONGEST_GUESS = 64
"""Characters of a name that may have been meant to be another."""

_SHOWN_VALUE = 40
"""So many characters of a wrong value are repeated to its sender."""

_TEMPLATES = {
    "missing": messages.MISSING,
    "string_type": messages.NOT_TEXT,
    "int_type": messages.NOT_INTEGER,
    "int_parsing": messages.NOT_INTEGER,
    "int_parsing_size": messages.NOT_INTEGER,
    "int_from_float": messages.NOT_INTEGER,
    "float_type": messages.NOT_NUMBER,
    "float_parsing": messages.NOT_NUMBER,
    "finite_number": messages.NOT_NUMBER,
    "bool_type": messages.NOT_BOOLEAN,
    "bool_parsing": messages.NOT_BOOLEAN,
    "list_type": messages.NOT_LIST,
    "dict_type": messages.NOT_OBJECT,
    "enum": messages.NOT_ONE_OF,
    "literal_error": messages.NOT_ONE_OF,
    "greater_than_equal": messages.TOO_SMALL,
    "greater_than": messages.NOT_ABOVE,
    "less_than_equal": messages.TOO_LARGE,
    "less_than": messages.NOT_BELOW,
    "string_too_long": messages.TOO_LONG,
    "too_long": messages.TOO_LONG,
    "string_too_short": messages.TOO_SHORT,
    "too_short": messages.TOO_SHORT,
    "string_pattern_mismatch": messages.BAD_FORM,
    "value_error": messages.REFUSED,
}
"""What pydantic calls an error, and our words for it."""

_LIMITS = ("ge", "gt", "le", "lt", "max_length", "min_length", "pattern")


class Sent(NamedTuple):
    """How the arguments of a call were sent."""

    in_body: bool = False
    names: frozenset[str] = frozenset()
    unknown: Sequence[str] = ()


class Arguments(BaseModel):
    """Base of the argument models, one model a call.

    Each field has a ``description`` that completes the sentence "did is missing (…)". Unknown arguments are told,
    numbers may come as text, and null, empty text and nothing at all are the same: the default, or a required argument
    that is missing. Lists and objects may come as JSON text; text for a list that is no JSON list is its one item.
    """

    # Built at its first use: a server has a hundred such models, and a client uses a few.
    model_config = ConfigDict(
        extra="ignore",
        allow_inf_nan=False,
        coerce_numbers_to_str=True,
        defer_build=True,
        protected_namespaces=(),
    )

    # One attribute for all three: pydantic takes a microsecond for each.
    _sent: Sent = PrivateAttr(default_factory=Sent)

    @property
    def from_body(self) -> bool:
        """Whether the request had a body, as the clients' ``json=…`` sends it; a page's query string has none."""
        return self._sent.in_body

    @property
    def unknown(self) -> Sequence[str]:
        """Names of arguments that were sent and that the call does not know, the first ones of many."""
        return self._sent.unknown

    def given(self, name: str) -> bool:
        """Tell whether an argument was sent at all, whatever its value, null and empty text included."""
        return name in self._sent.names

    @model_validator(mode="before")
    @classmethod
    def _normalise(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {name: value for name, value in values.items() if not _is_blank(value)}


class NoArguments(Arguments):
    """For calls that take nothing."""


class Page(Arguments):
    """For calls that answer a part of a long list."""

    offset: int = Field(0, ge=0, description="how many to leave out at the beginning")
    limit: int = Field(100, ge=1, le=1000, description="how many to answer at most")


class PartOfList(Arguments):
    """For calls that answer a list, whole unless a part of it is asked for; that tells also how long the list is."""

    offset: int = Field(0, ge=0, description="how many to leave out at the beginning")
    limit: int | None = Field(None, ge=1, description="how many to answer at most; all if absent")
    sort: Order = Field("id", description="the order; with - the greatest first")

    @property
    def selection(self) -> Selection:
        """The part that is asked for."""
        return Selection(self.offset, self.limit, self.sort)

    def answer(self, name: str, items: Any, total: int) -> dict[str, Any]:
        """The list under its name, and how long the whole list is where a part was asked for."""
        asked = any(self.given(argument) for argument in ("offset", "limit", "sort"))
        return {name: items, "total": total} if asked else {name: items}


def one_of(*values: str) -> dict[str, JsonValue]:
    """What the documents tell of an argument that is checked elsewhere: its values.

    For ``Field(json_schema_extra=…)``.
    """
    return {"enum": list(values)}


ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


def read_arguments(
    model: type[ArgumentsT], query: MultiDict[str, str], body: bytes | MultiDict[str, str]
) -> ArgumentsT:
    """Read the arguments of a call; what the body names goes before the same name in the query string.

    Args:
        model: the call's model.
        query: the query string; a repeated key is a list.
        body: a raw body of JSON, empty where there is none, or the fields of a form.

    Raises:
        UserError: the body is no JSON object, or the arguments do not fit the model; all that do not are named.
    """
    values = _fields(query)
    if body:
        values.update(_json_object(body) if isinstance(body, bytes) else _fields(body))
    unknown = [name for name in values if name not in model.model_fields]
    containers = _containers(model)
    values = {
        name: _decoded(value, containers[name]) if name in containers and not _is_blank(value) else value
        for name, value in values.items()
    }
    _refuse_unusable(values)
    try:
        arguments = model.model_validate(values)
    except ValidationError as error:
        raise UserError(messages.ARGUMENTS, problems=CLAUSES.join(_problems(model, error, unknown))) from None
    if values or body:
        shown = [readable(name) for name in unknown[:MOST_UNKNOWN]]
        arguments._sent = Sent(bool(body), frozenset(values), shown)
    return arguments


def _fields(pairs: MultiDict[str, str]) -> dict[str, Any]:
    return {name: items[0] if len(items) == 1 else items for name, items in pairs.lists()}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UserError(messages.BODY_NOT_JSON, problem=error) from None
    if not isinstance(value, dict):
        raise UserError(messages.BODY_NOT_OBJECT, kind=messages.KINDS[type(value)])
    return value


def _refuse_unusable(values: Mapping[str, Any]) -> None:
    faults = {name: fault for name, value in values.items() if (fault := _fault(value))}
    if faults:
        problems = [fault.format(field=readable(name), limit=MOST_LEVELS) for name, fault in faults.items()]
        raise UserError(messages.ARGUMENTS, problems=CLAUSES.join(problems[:MOST_UNKNOWN]))


def _fault(value: object) -> str | None:
    """What no argument may hold: the one character that no path can have, and more levels than anything needs.

    Level by level, because the parser takes 1024 of them, which is more than Python's own calls may be nested.
    """
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        below: list[object] = []
        for item in level:
            if isinstance(item, str):
                if "\0" in item:
                    return messages.NUL_CHARACTER
            elif isinstance(item, Mapping):
                below += item
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return None
        level = below
    return messages.TOO_DEEP


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


@cache
def _containers(model: type[Arguments]) -> dict[str, type]:
    """The fields of a model that hold a list or an object, and which of the two."""
    found = {name: _container(field.annotation) for name, field in model.model_fields.items()}
    return {name: container for name, container in found.items() if container is not None}


def _container(annotation: Any) -> type | None:
    origin = get_origin(annotation) or annotation
    if origin in (list, dict):
        return origin  # type: ignore[no-any-return]
    members = get_args(annotation)
    if str in members:
        return None
    return next((found for found in map(_container, members) if found is not None), None)


def _decoded(value: Any, container: type) -> Any:
    if not isinstance(value, str):
        return value
    try:
        decoded = orjson.loads(value)
    except orjson.JSONDecodeError:
        decoded = value
    if container is list and not isinstance(decoded, list):
        return [value]
    return decoded


def _problems(model: type[Arguments], error: ValidationError, unknown: Sequence[str]) -> list[str]:
    by_field: dict[str, list[ErrorDetails]] = defaultdict(list)
    for detail in error.errors(include_url=False):
        by_field[str(detail["loc"][0]) if detail["loc"] else ""].append(detail)
    return [_problem(model, name, details, unknown) for name, details in by_field.items()]


def _problem(model: type[Arguments], name: str, details: Sequence[ErrorDetails], unknown: Iterable[str]) -> str:
    detail = details[0]
    template = _TEMPLATES.get(detail["type"], messages.NOT_VALID)
    context = detail.get("ctx", {})
    if len(details) > 1 and not all(isinstance(other["loc"][-1], int) for other in details):
        # A choice of types complains once for each of them; no single complaint is the reason.
        template = messages.NOT_VALID
    guesses = [guess for guess in unknown if len(guess) <= _LONGEST_GUESS][:MOST_UNKNOWN]
    near = get_close_matches(name, guesses, 1, 0.75) if template is messages.MISSING else []
    if near:
        template = messages.MISSPELT
    if not name:
        return str(context.get("error", detail["msg"]))
    indices = "".join(f"[{part}]" for part in detail["loc"][1:] if isinstance(part, int))
    sentence = template.format(
        field=name + indices,
        sent=readable("".join(near)),
        value=_shown(detail["input"]),
        expected=_choice(context.get("expected", "")),
        limit=next((context[key] for key in _LIMITS if key in context), ""),
        reason=context.get("error", ""),
    )
    field = model.model_fields.get(name)
    if field is None or not field.description:
        return sentence
    return messages.EXPLAINED.format(sentence=sentence, description=field.description)


def _choice(expected: str) -> str:
    """What pydantic tells of a choice, ``'a', 'b' or 'c'``, as a clause of ours."""
    choices = expected.replace(" or ", NAMES)
    return expected if choices == expected else params_messages.CHOICE.format(choices=choices)


def _shown(value: object) -> str:
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN_VALUE else f"{text[:_SHOWN_VALUE]}…"
