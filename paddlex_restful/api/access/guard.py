"""The guard: every request passes it before anything else happens, and what is not allowed is refused."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask, Request, Response, redirect, request
from flask.globals import request_ctx
from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response as AnyResponse

from paddlex_restful.api.access.decisions import Access, Decision, decision_of
from paddlex_restful.api.access.guesses import Guesses
from paddlex_restful.api.access.origins import Hosts, Origins, is_visit
from paddlex_restful.api.access.token import AccessToken
from paddlex_restful.api.answers import failure
from paddlex_restful.api.requests import sent_token, take_token
from paddlex_restful.config import Config
from paddlex_restful.messages import access as sentences

COOKIE_SECONDS = 30 * 24 * 3600
"""For so long a browser need not send the token again."""

_SHOWN = 200
"""So many characters of a header are repeated to its sender."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_CORS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "Content-Disposition, Content-Range, ETag, Retry-After, X-Request-ID",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, "
    "Last-Event-ID, Range, X-Request-ID",
    "Access-Control-Max-Age": "600",
}

_log = logging.getLogger(__name__)


class Guard:
    """Decides about every request of one application.

    Args:
        config: the server's settings.
        token: what clients must have; None where they need none.
        guesses: counts wrong tokens.
    """

    def __init__(self, config: Config, token: AccessToken | None, guesses: Guesses | None = None) -> None:
        self.token = token
        self._hosts = Hosts(config)
        self._origins = Origins(config.allowed_origins)
        self._lists_origins = bool(config.allowed_origins)
        self._guesses = guesses or Guesses()
        self._views: dict[str, Callable[..., Any]] = {}
        if token is not None:
            self._cookie = (token.cookie_name, token.cookie_value)

    def install(self, app: Flask) -> None:
        """Let all requests of an application pass."""
        self._views = app.view_functions
        app.before_request(self._check)
        if self._lists_origins:
            app.after_request(self._tell_origins)

    def is_open(self) -> bool:
        """Whether the address of the request under work is open to everybody."""
        decision = self._decision(request)
        return decision is not None and decision.access is Access.OPEN

    def _check(self) -> AnyResponse | None:
        current = request_ctx.request
        environ = current.environ
        decision = self._decision(current)
        if decision is None:
            _log.error("%s has no decision about its access: it is refused", current.path)
            return failure(sentences.UNDECIDED.format(path=current.path), 403)
        host = environ.get("HTTP_HOST", "")
        if not self._hosts.allow(host):
            return failure(sentences.UNKNOWN_HOST.format(host=host[:_SHOWN]), 403)
        if self._origins.is_foreign(environ) and (decision.changes or not is_visit(environ)):
            origin = environ.get("HTTP_ORIGIN", "another site")
            return failure(sentences.FOREIGN_ORIGIN.format(origin=origin[:_SHOWN]), 403)
        if self._is_preflight():
            return Response(status=204, headers=_PREFLIGHT)
        if decision.access is Access.OPEN or self.token is None:
            return None
        return self._check_token(self.token)

    def _decision(self, current: Request) -> Decision | None:
        """What the address has decided; for one that there is not, what is never more than for others."""
        endpoint = current.endpoint
        if endpoint is None:
            return Decision(Access.TOKEN, changes=current.method not in _READING)
        return decision_of(self._views[endpoint])

    def _is_preflight(self) -> bool:
        return (
            self._lists_origins
            and request.method == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.environ
            and self._origins.is_listed(request.environ.get("HTTP_ORIGIN"))
        )

    def _check_token(self, token: AccessToken) -> AnyResponse | None:
        address = request.remote_addr or ""
        wait = self._guesses.wait(address)
        if wait and not self._guesses.is_known(address):
            return _too_many(wait)
        cookies = request.environ.get("HTTP_COOKIE", "")
        sent = self._sent(token, request.environ.get("HTTP_AUTHORIZATION", ""), sent_token(), cookies)
        if any(sent):
            self._guesses.note_right(address)
            return self._welcome() if sent_token() is not None and _is_browser() else None
        if not sent:
            return failure(sentences.TOKEN_MISSING, 401, {"WWW-Authenticate": "Bearer"})
        if wait:
            return _too_many(wait)
        self._guesses.note_wrong(address)
        if wait := self._guesses.wait(address):
            _log.warning("%s has sent wrong access tokens: it is shut out for %.0f s", address, wait)
        return failure(sentences.TOKEN_WRONG, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})

    def may_send(self, headers: Mapping[str, str], query: str) -> bool:
        """Whether the body of a request is worth being kept until the request is decided about.

        Args:
            headers: of the request, by names such as ``AUTHORIZATION``.
            query: the part of its address after the question mark.
        """
        if self.token is None:
            return True
        _, in_address = take_token(query)
        return any(self._sent(self.token, headers.get("AUTHORIZATION", ""), in_address, headers.get("COOKIE", "")))

    def _sent(self, token: AccessToken, authorization: str, in_address: str | None, cookies: str) -> list[bool]:
        """Of each token or cookie that came with a request whether it is right."""
        found = []
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            found.append(token.is_right(value.strip()))
        if in_address is not None:
            found.append(token.is_right(in_address))
        name, _ = self._cookie
        if cookies and (cookie := parse_cookie(cookies).get(name)) is not None:
            found.append(token.is_right_cookie(cookie))
        return found

    def _welcome(self) -> AnyResponse:
        """Have a browser keep a cookie, and forget the address that tells the token."""
        query = request.query_string.decode("latin-1")
        # A second slash at the beginning would name another host.
        address = "/" + quote(request.path.lstrip("/")) + (f"?{query}" if query else "")
        response = redirect(address, 303)
        name, value = self._cookie
        response.set_cookie(
            name, value, max_age=COOKIE_SECONDS, secure=request.is_secure, httponly=True, samesite="Strict"
        )
        return response

    def _tell_origins(self, response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.environ.get("HTTP_ORIGIN")
        if self._origins.is_listed(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers.extend(_CORS)
        return response


def _is_browser() -> bool:
    """Whether a person looks at the answer of a GET."""
    mode = request.environ.get("HTTP_SEC_FETCH_MODE")
    if request.method != "GET" or mode not in (None, "navigate"):
        return False
    return mode is not None or "text/html" in request.environ.get("HTTP_ACCEPT", "")


def _too_many(wait: float) -> Response:
    seconds = math.ceil(wait)
    return failure(sentences.TOO_MANY_GUESSES.format(seconds=seconds), 429, {"Retry-After": str(seconds)})
