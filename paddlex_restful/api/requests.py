"""A request as the application sees it, with an id and without its access token; what is noted when it is answered."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from typing import Any
from urllib.parse import unquote_plus

from flask import Flask, Request, Response, request
from flask.globals import request_ctx

from paddlex_restful.logs import ServerLog, request_id
from paddlex_restful.prometheus import Traffic

UNKNOWN = "unknown"
"""Stands for all addresses that there are not, and for all verbs of which nobody has heard."""

ID_HEADER = "X-Request-ID"
"""With which answers tell the id of their request."""

_TOKEN = "token="  # noqa: S105 - the name of the argument
_TOKEN_KEY = "paddlex_restful.token"  # noqa: S105 - a key of the environment
_BEGUN_KEY = "paddlex_restful.begun"

_PROCESS = secrets.token_hex(4)
_numbers = itertools.count(1)
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"})
_SHOWN = 500
"""So many characters of an address are logged."""


class CallRequest(Request):
    """Takes the argument ``token`` out of the query string before anything reads it, logs it or repeats it."""

    def __init__(self, environ: dict[str, Any], populate_request: bool = True, shallow: bool = False) -> None:
        if _TOKEN in environ.get("QUERY_STRING", ""):
            environ["QUERY_STRING"], environ[_TOKEN_KEY] = take_token(environ["QUERY_STRING"])
            # Waitress's own copy of the whole address.
            environ.pop("REQUEST_URI", None)
        super().__init__(environ, populate_request, shallow)


def begin(environ: dict[str, Any]) -> None:
    """Begin the work on a request.

    From here on the thread's log lines carry the id of the request: the client's if it is well-formed, else a new one.

    Args:
        environ: the request, as WSGI has it.
    """
    environ[_BEGUN_KEY] = time.perf_counter()
    sent = environ.get("HTTP_X_REQUEST_ID")
    request_id.set(sent if sent and _GOOD_ID.fullmatch(sent) else new_id())


def new_id() -> str:
    """The id of a request that has none: what is this process's own, and a number."""
    return f"{_PROCESS}{next(_numbers):08x}"


def sent_token() -> str | None:
    """The access token that came in the address of the request under work."""
    token: str | None = request.environ.get(_TOKEN_KEY)
    return token


class Ledger:
    """Where the requests of an application are noted as they are answered.

    Args:
        traffic: counts them.
        log: takes a line for each; None for no lines.
    """

    def __init__(self, traffic: Traffic, log: ServerLog | None) -> None:
        self._traffic = traffic
        self._log = log

    def install(self, app: Flask) -> None:
        """Note all requests that the application answers."""
        app.request_class = CallRequest

        @app.after_request
        def note(response: Response) -> Response:
            current = request_ctx.request
            rule = UNKNOWN if current.url_rule is None else current.url_rule.rule
            response.headers.add(*self.note(current.environ, rule, current.path, response.status_code))
            return response

    def note(self, environ: dict[str, Any], rule: str, path: str, status: int) -> tuple[str, str]:
        """Note the request under work.

        Args:
            environ: the request, as WSGI has it, since ``begin``.
            rule: its address as it was declared.
            path: its address.
            status: the HTTP status of its answer.

        Returns:
            The header that tells its id, with which it is to be answered.
        """
        seconds = time.perf_counter() - environ[_BEGUN_KEY]
        method = environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in _METHODS else UNKNOWN
        self._traffic.count(method, rule, status, seconds)
        if self._log is not None:
            self._log.note(
                {
                    "method": method,
                    "path": path[:_SHOWN],
                    "status": status,
                    "ms": round(seconds * 1000, 2),
                    "client": environ.get("REMOTE_ADDR"),
                }
            )
        return ID_HEADER, request_id.get()


def take_token(query: str) -> tuple[str, str | None]:
    """Take the access token out of the part of an address after the question mark.

    Returns:
        The rest, and the token; None where there is none.
    """
    parts = query.split("&")
    tokens = [part for part in parts if part.startswith(_TOKEN)]
    if not tokens:
        return query, None
    rest = "&".join(part for part in parts if not part.startswith(_TOKEN))
    return rest, unquote_plus(tokens[-1].removeprefix(_TOKEN))
