"""What was asked for last is kept in memory, up to a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


def _one(value: object) -> int:
    return 1


class Recent(Generic[KeyT, ValueT]):
    """Keeps values; those that were asked for longest ago make room. Safe to use from several threads.

    Args:
        most: what all values together may weigh; one that weighs more by itself is not kept.
        weigh: what a value weighs; without it they are counted.
    """

    def __init__(self, most: int, weigh: Callable[[ValueT], int] = _one) -> None:
        self.most = most
        self._weigh = weigh
        self._lock = threading.Lock()
        self._values: OrderedDict[KeyT, ValueT] = OrderedDict()
        self._weight = 0

    def get(self, key: KeyT) -> ValueT | None:
        """The value of a key, if it is kept."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: KeyT, value: ValueT) -> None:
        """Keep a value; another one of this key makes room first."""
        weight = self._weigh(value)
        with self._lock:
            if key in self._values:
                self._weight -= self._weigh(self._values.pop(key))
            if weight > self.most:
                return
            self._values[key] = value
            self._weight += weight
            while self._weight > self.most:
                self._weight -= self._weigh(self._values.popitem(last=False)[1])
