"""Whole answers that are given again to equal requests, before anything is done with those.

Most requests of a page or a script that polls are equal to one before, and so are their answers until something
changes of what they were made of. Equal means in every header but a few that nothing here reads: whoever sends
another token, cookie, host or origin, and whoever calls from elsewhere, goes the whole way, past the guard.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from flask import Flask, Response
from flask.globals import request_ctx

from paddlex_restful.api import requests
from paddlex_restful.recent import Recent

MOST_BYTES = 16 << 20
"""All answers together, with the requests; those that were asked for longest ago make room."""

_BESIDE = 4096
"""Bytes that an answer takes beside its texts and those of its request."""

EXTENSION = "remembered"
"""Where an application has its ``Remembered``."""

_UNREAD = frozenset({"HTTP_USER_AGENT", "HTTP_ACCEPT_ENCODING", "HTTP_CONNECTION", "HTTP_X_REQUEST_ID"})

_KEY = "paddlex_restful.remembered"
_MADE_OF = "paddlex_restful.made_of"

Environ = dict[str, Any]


Look = Callable[[], Hashable]
"""Looks at what an answer is made of; gives another value when it would tell anything else."""


class _Key(NamedTuple):
    path: str
    query: str
    address: str | None
    headers: tuple[tuple[str, str], ...]


class _Answer(NamedTuple):
    look: Look
    seen: Hashable
    rule: str
    headers: list[tuple[str, str]]
    body: bytes
    weight: int


class Remembered:
    """The answers of one application. Safe to use from several threads.

    Args:
        ledger: where requests are noted.
    """

    def __init__(self, ledger: requests.Ledger) -> None:
        self._ledger = ledger
        self._answers: Recent[_Key, _Answer] = Recent(MOST_BYTES, attrgetter("weight"))

    def install(self, app: Flask) -> None:
        """Keep what the application answers, as the last that is done with it."""
        app.extensions[EXTENSION] = self
        app.after_request(self._keep)

    def answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes] | None:
        """Answer a request as an equal one was answered; None where it must be worked on.

        Args:
            environ: the request, as WSGI has it.
            start_response: as WSGI has it.
        """
        if environ["REQUEST_METHOD"] != "GET" or environ.get("CONTENT_LENGTH", "0") != "0":
            return None
        key = environ[_KEY] = _key(environ)
        found = self._answers.get(key)
        if found is None or not _is_current(found):
            return None
        start_response("200 OK", [*found.headers, self._ledger.note(environ, found.rule, found.rule, 200)])
        return (found.body,)

    def _keep(self, response: Response) -> Response:
        current = request_ctx.request
        key, made_of = current.environ.get(_KEY), current.environ.get(_MADE_OF)
        if key is not None and made_of is not None and current.url_rule is not None and response.status_code == 200:
            headers = [pair for pair in response.get_wsgi_headers(current.environ) if pair[0] != requests.ID_HEADER]
            body = response.get_data()
            weight = _BESIDE + len(body) + len(key.path) + len(key.query)
            weight += sum(len(name) + len(value) for name, value in (*headers, *key.headers))
            look, seen = made_of
            self._answers.put(key, _Answer(look, seen, current.url_rule.rule, headers, body, weight))
        return response


@contextmanager
def until_changed(version: Callable[..., Hashable], *args: Any) -> Iterator[Hashable]:
    """Let the answer that is made meanwhile be given again, as long as what it is made of stays the same.

    Args:
        version: one of ``services.versions``.
        args: what it takes.

    Yields:
        What the answer is made of.
    """
    look = partial(version, *args)
    seen = look()
    yield seen
    request_ctx.request.environ[_MADE_OF] = look, seen


def forget() -> None:
    """Let the answer of the request under work not be given again after all: something failed behind it."""
    request_ctx.request.environ.pop(_MADE_OF, None)


def _is_current(found: _Answer) -> bool:
    try:
        return found.seen == found.look()
    except OSError:  # who works on the request tells what is wrong
        return False


def _key(environ: Mapping[str, Any]) -> _Key:
    headers = tuple(pair for pair in environ.items() if pair[0][:5] == "HTTP_" and pair[0] not in _UNREAD)
    return _Key(environ["PATH_INFO"], environ["QUERY_STRING"], environ.get("REMOTE_ADDR"), headers)
