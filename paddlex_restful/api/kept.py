"""Long lists, encoded once until something changes of what they tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import orjson
from flask import current_app

from paddlex_restful.api.answers import encode
from paddlex_restful.api.arguments import PartOfList
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.recent import Recent
from paddlex_restful.services import Services, versions
from paddlex_restful.services.listing import Listed

MOST_KEPT = 32
"""So many lists are kept; the one that was asked for longest ago makes room."""

EXTENSION = "lists"
"""Where an application has its ``KeptLists``."""


class _Kept(NamedTuple):
    state: Hashable
    items: orjson.Fragment
    total: int


class KeptLists:
    """The lists of one application. Safe to use from several threads."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._kept: Recent[Hashable, _Kept] = Recent(MOST_KEPT)

    def get(self, key: Hashable, state: Hashable, make: Callable[[], Listed]) -> tuple[orjson.Fragment, int]:
        """A list in JSON, and how long the whole list is of which it is a part.

        Args:
            key: says which list.
            state: of what it tells, looked at before; it is made anew when this is another one.
            make: makes it.
        """
        found = self._find(key, state)
        if found is None:
            # One at a time: clients that all ask for a long list would else make it beside each other.
            with self._making:
                found = self._find(key, state)
                if found is None:
                    made = make()
                    found = _Kept(state, orjson.Fragment(encode(made.items)), made.total)
                    self._kept.put(key, found)
        return found.items, found.total

    def _find(self, key: Hashable, state: Hashable) -> _Kept | None:
        found = self._kept.get(key)
        return found if found is not None and found.state == state else None


def kept_answer(
    name: str, args: PartOfList, services: Services, make: Callable[[], Listed], *, within: str = ""
) -> dict[str, Any]:
    """Answer a list that tells of entries and of the states of their jobs.

    Args:
        name: what the answer calls it.
        args: which part of it is asked for.
        services: what it is made of.
        make: makes the part.
        within: id of the entry whose list it is.
    """
    lists: KeptLists = current_app.extensions[EXTENSION]
    with until_changed(versions.of_lists, services) as seen:
        items, total = lists.get((name, within, args.selection), seen, make)
    return args.answer(name, items, total)
