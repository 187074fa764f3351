"""Long lists, encoded once until something changes of what they tell."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import orjson
from flask import current_app

from paddlex_restful.api.answers import encode
from paddlex_restful.api.arguments import PartOfList
from paddlex_restful.services import Services
from paddlex_restful.services.listing import Listed, state

MOST_KEPT = 32
"""So many lists are kept; the one that was asked for longest ago makes room."""

EXTENSION = "lists"
"""Where an application has its ``KeptLists``."""


class KeptLists:
    """The lists of one application. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Hashable, orjson.Fragment, int]] = OrderedDict()

    def get(self, key: Hashable, state: Hashable, make: Callable[[], Listed]) -> tuple[orjson.Fragment, int]:
        """A list in JSON, and how long the whole list is of which it is a part.

        Args:
            key: says which list.
            state: of what it tells, looked at before; it is made anew when this is another one.
            make: makes it.
        """
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        if found is None or found[0] != state:
            made = make()
            found = (state, orjson.Fragment(encode(made.items)), made.total)
            with self._lock:
                self._kept[key] = found
                self._kept.move_to_end(key)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        return found[1], found[2]


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
    items, total = lists.get((name, within, args.selection), state(services), make)
    return args.answer(name, items, total)
