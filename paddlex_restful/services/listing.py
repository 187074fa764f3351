"""Parts of long lists: what to leave out, how many to give, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

Order = Literal["id", "-id", "name", "-name", "create_time", "-create_time"]
"""By what a list is sorted; with ``-``, the greatest first. Entries that are equal stay in the order of their ids."""


class _Entry(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def create_time(self) -> str: ...


EntryT = TypeVar("EntryT", bound=_Entry)


class Listed(NamedTuple):
    """A part of a list.

    Attributes:
        items: the part.
        total: how many the whole list has.
    """

    items: list[dict[str, Any]]
    total: int


@dataclass(frozen=True)
class Selection:
    """Which part of a list is wanted; by default all of it, oldest first.

    Attributes:
        offset: how many to leave out at the beginning.
        limit: how many to give at most; None gives all.
        sort: the order.
    """

    offset: int = 0
    limit: int | None = None
    sort: Order = "id"

    def apply(self, entries: Sequence[EntryT], tell: Callable[[EntryT], dict[str, Any]]) -> Listed:
        """Tell of the wanted entries, and of no others.

        Args:
            entries: all of them, oldest first.
            tell: what is told of one.
        """
        end = None if self.limit is None else self.offset + self.limit
        return Listed([tell(entry) for entry in self._sorted(entries)[self.offset : end]], len(entries))

    def _sorted(self, entries: Sequence[EntryT]) -> Sequence[EntryT]:
        backwards = self.sort.startswith("-")
        field = self.sort.removeprefix("-")
        if field == "id":
            return entries[::-1] if backwards else entries
        # A stable sort, in both directions.
        return sorted(entries, key=lambda entry: getattr(entry, field), reverse=backwards)


ALL = Selection()
