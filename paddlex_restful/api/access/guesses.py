"""Wrong tokens, counted for each address that they come from."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

ValueT = TypeVar("ValueT")

MOST_GUESSES = 10
"""Wrong tokens that an address may send within ``SECONDS``."""

SECONDS = 60.0

MOST_ADDRESSES = 4096
"""Addresses that are remembered; the one that was noted first makes room."""


class Guesses:
    """Counts wrong tokens. Safe to use from several threads.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()

    def note_right(self, address: str) -> None:
        """An address sent the right token."""
        network = _network(address)
        if network not in self._known:
            with self._lock:
                _remember(self._known, network, None)

    def note_wrong(self, address: str) -> None:
        """An address sent a wrong token."""
        network, now = _network(address), self._clock()
        with self._lock:
            begun, count = self._wrong.get(network, (now, 0))
            if now - begun >= SECONDS:
                begun, count = now, 0
            _remember(self._wrong, network, (begun, count + 1))

    def wait(self, address: str) -> float:
        """Seconds for which an address has sent too many wrong tokens; 0 where it has not."""
        begun, count = self._wrong.get(_network(address), (0.0, 0))
        return max(0.0, begun + SECONDS - self._clock()) if count >= MOST_GUESSES else 0.0

    def is_known(self, address: str) -> bool:
        """Whether the right token has come from an address: one that guesses there shuts nobody out."""
        return _network(address) in self._known


def _remember(entries: OrderedDict[str, ValueT], key: str, value: ValueT) -> None:
    entries[key] = value
    while len(entries) > MOST_ADDRESSES:
        entries.popitem(last=False)


def _network(address: str) -> str:
    """IPv6 hands out addresses by the network, so that one client has as many as it likes."""
    if ":" not in address:
        return address
    parsed = ipaddress.IPv6Address(address.partition("%")[0])
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
