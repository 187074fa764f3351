"""Which fields of an answer hold sentences."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import get_type_hints, is_typeddict


class _Told:
    """Marks text that is told in the reader's language."""


Sentence = Annotated[str, _Told()]
"""Made from a template of ``paddlex_restful.messages``, and told in the language of whoever reads the answer."""

Places: TypeAlias = "dict[str, Places]"
"""Where sentences are: by the name of a field, where they are in it; lists count for nothing."""

HERE: Places = {"": {}}
"""The value is a sentence itself."""


@cache
def places(*models: type) -> Places:
    """Where the answers of these models have sentences."""
    found: Places = {}
    for model in models:
        found = _joined(found, _places(model))
    return found


def retold(value: Any, where: Places, tell: Callable[[str], str]) -> Any:
    """A decoded answer with other sentences.

    Args:
        value: the answer.
        where: its sentences are.
        tell: gives another sentence for one.
    """
    if isinstance(value, list):
        return [retold(item, where, tell) for item in value]
    if isinstance(value, str):
        return tell(value) if "" in where else value
    if isinstance(value, dict):
        return {**value, **{name: retold(value[name], below, tell) for name, below in where.items() if name in value}}
    return value


def _places(annotation: Any) -> Places:
    if get_origin(annotation) is Annotated and any(isinstance(note, _Told) for note in annotation.__metadata__):
        return HERE
    if is_typeddict(annotation) or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        fields = get_type_hints(annotation, include_extras=True).items()
        return {name: below for name, hint in fields if (below := _places(hint))}
    found: Places = {}
    if get_origin(annotation) is not dict:
        for part in get_args(annotation):
            found = _joined(found, _places(part))
    return found


def _joined(one: Places, other: Places) -> Places:
    return {**one, **other, **{name: _joined(one[name], other[name]) for name in one.keys() & other.keys()}}
