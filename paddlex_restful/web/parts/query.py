"""The part of an address behind the ``?``: what a list shows, so that it can be linked to and the back button works.

A list has a ``dcc.Location`` of its own, whose ``search`` is both input and output of the callback that fills it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode


def read(search: str | None) -> dict[str, str]:
    """The names and values of a query string; of a name that comes twice, the last."""
    return dict(parse_qsl((search or "").removeprefix("?")))


def write(values: Mapping[str, object], page: int = 1) -> str:
    """A query string of what is not empty, and of the page that is shown unless it is the first."""
    wanted = {**values, "page": page if page > 1 else None}
    found = {name: value for name, value in wanted.items() if value not in (None, "")}
    return f"?{urlencode(found)}" if found else ""


def page_of(text: str | None) -> int:
    """The number of a page, from 1; the first where it is none."""
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 9 else 1
