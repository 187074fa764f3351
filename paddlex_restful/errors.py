"""The one exception whose text people read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_MOST_SHOWN = 4096
"""So many characters of a value are repeated to people: a whole path, but not the ten megabytes that a client sent."""


class UserError(Exception):
    """Something the user can put right, told in one sentence with the remedy.

    On a request it becomes ``{"status": -1, "message": ...}``; in a job, the reason for which the job failed.

    Text of more than 4096 characters, which no sentence is for, is cut off in it.

    Attributes:
        fields: what the answer to a request tells beside the sentence, for programs.

    Args:
        template: a sentence of ``paddlex_restful.messages``, with named ``{fields}``. Kept apart from the values so
            that a catalogue of another language can be put in its place.
        values: what the fields stand for.
    """

    fields: Mapping[str, object] = MappingProxyType({})

    def __init__(self, template: str, **values: object) -> None:
        self.template = template
        self.values = values
        super().__init__(template.format(**{name: _shortened(value) for name, value in values.items()}))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.template, self.values)


def _shortened(value: object) -> object:
    return f"{value[:_MOST_SHOWN]}…" if isinstance(value, str) and len(value) > _MOST_SHOWN else value


def _rebuild(cls: type[UserError], template: str, values: dict[str, object]) -> UserError:
    return cls(template, **values)
