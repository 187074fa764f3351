"""A request as the application sees it: without the access token that came in its address."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from flask import Request, request

_TOKEN = "token="  # noqa: S105 - the name of the argument
_KEY = "paddlex_restful.token"


class CallRequest(Request):
    """Takes the argument ``token`` out of the query string before anything reads it, logs it or repeats it."""

    def __init__(self, environ: dict[str, Any], populate_request: bool = True, shallow: bool = False) -> None:
        if _TOKEN in environ.get("QUERY_STRING", ""):
            _take_token(environ)
        super().__init__(environ, populate_request, shallow)


def sent_token() -> str | None:
    """The access token that came in the address of the request under work."""
    token: str | None = request.environ.get(_KEY)
    return token


def _take_token(environ: dict[str, Any]) -> None:
    parts = environ["QUERY_STRING"].split("&")
    tokens = [part for part in parts if part.startswith(_TOKEN)]
    if tokens:
        environ[_KEY] = unquote_plus(tokens[-1].removeprefix(_TOKEN))
        environ["QUERY_STRING"] = "&".join(part for part in parts if not part.startswith(_TOKEN))
        # Waitress's own copy of the whole address.
        environ.pop("REQUEST_URI", None)
