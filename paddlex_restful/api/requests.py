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
    """Takes the argument ``token`` out of the query string before anything reads it, logs it or repeats it.

    From here on the thread's log lines carry the id of the request: the client's if it is well-formed, else a new one.
    """

    def __init__(self, environ: dict[str, Any], populate_request: bool = True, shallow: bool = False) -> None:
        environ[_BEGUN_KEY] = time.perf_counter()
        sent = environ.get("HTTP_X_REQUEST_ID")
        request_id.set(sent if sent and _GOOD_ID.fullmatch(sent) else new_id())
        if _TOKEN in environ.get("QUERY_STRING", ""):
            environ["QUERY_STRING"], environ[_TOKEN_KEY] = take_token(environ["QUERY_STRING"])
            # Waitress's own copy of the whole address.
            environ.pop("REQUEST_URI", None)
        super().__init__(environ, populate_request, shallow)


def new_id() -> str:
    """The id of a request that has none: what is this process's own, and a number."""
    return f"{_PROCESS}{next(_numbers):08x}"


def sent_token() -> str | None:
    """The access token that came in the address of the request under work."""
    token: str | None = request.environ.get(_TOKEN_KEY)
    return token


def install(app: Flask, traffic: Traffic, log: ServerLog | None) -> None:
    """Let the requests of an application be counted, and logged if there is a log, when they are answered."""
    app.request_class = CallRequest

    @app.after_request
    def note(response: Response) -> Response:
        current = request_ctx.request
        environ = current.environ
        seconds = time.perf_counter() - environ[_BEGUN_KEY]
        response.headers.add("X-Request-ID", request_id.get())
        method = environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in _METHODS else UNKNOWN
        rule = current.url_rule
        traffic.count(method, UNKNOWN if rule is None else rule.rule, response.status_code, seconds)
        if log is not None:
            log.note(
                {
                    "method": method,
                    "path": current.path[:_SHOWN],
                    "status": response.status_code,
                    "ms": round(seconds * 1000, 2),
                    "client": environ.get("REMOTE_ADDR"),
                }
            )
        return response


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
