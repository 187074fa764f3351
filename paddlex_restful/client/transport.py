"""How calls reach the server: with a token, and again where that is harmless."""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from paddlex_restful.client.errors import ApiError, ClientError, NoAnswer
from paddlex_restful.messages import client as sentences

TOKEN_VARIABLE = "PADDLEX_RESTFUL_TOKEN"  # noqa: S105  the name, not the token

CONNECT_SECONDS = 10.0
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
LONGEST_WISH = 60.0
"""Seconds that a server may have a client wait with ``Retry-After``."""

_TRY_AGAIN = frozenset({429, 502, 503})
"""HTTP statuses of requests that were not worked on, and may be later."""

_BEGINS_OR_ENDS = frozenset({("PUT", "/dataset"), ("PUT", "/dataset/images"), ("PUT", "/project/task/train")})
"""Calls without a key whose repetition would be refused, or do something else, where the first one was done."""


class Transport:
    """Makes requests of one server.

    Args:
        url: address of the server; a ``token`` in its query string is used and taken away.
        token: the access token; by default that of the address, else of the environment.
        language: for the header ``Accept-Language``.
        timeout: seconds to wait for an answer.
        retries: how often a request is sent again.

    Raises:
        ClientError: it is no address.
    """

    def __init__(self, url: str, token: str | None, language: str, timeout: float, retries: int) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ClientError(sentences.NO_ADDRESS, url=url)
        named = parse_qs(parts.query).get("token", [None])[0]
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        self.session = requests.Session()
        self.session.auth = _Bearer(token or named or os.environ.get(TOKEN_VARIABLE, ""))
        self.session.headers["Accept-Language"] = language
        self._timeout = timeout
        self._retries = retries

    def call(self, method: str, path: str, arguments: Mapping[str, Any]) -> Any:
        """The decoded JSON answer of a call.

        Raises:
            ApiError: the server refuses.
            NoAnswer: it does not answer.
        """
        return self.answer(self.request(method, path, json=dict(arguments) or None), method, path)

    def answer(self, response: requests.Response, method: str, path: str) -> Any:
        """The decoded JSON of a response.

        Raises:
            ApiError: it is a refusal.
        """
        try:
            answer = response.json()
        except requests.JSONDecodeError:
            answer = None
        refused = isinstance(answer, dict) and answer.get("status", 1) != 1
        if response.ok and answer is not None and not refused:
            return answer
        raise self.refusal(response, method, path)

    def request(self, method: str, path: str, *, repeat: bool = True, **options: Any) -> requests.Response:
        """One request, sent again while the server is not there, is busy, or the connection breaks.

        A POST has a key by which the server knows it again. Other calls that cannot be repeated are sent again only
        where the first was not worked on.

        Args:
            method: GET, HEAD, POST, PUT or DELETE.
            path: such as ``/dataset``.
            repeat: whether it may be sent again after its answer was lost.
            options: of ``requests``.

        Returns:
            The answer, whatever its status.

        Raises:
            NoAnswer: there is none.
        """
        headers = {**options.pop("headers", {})}
        if method == "POST":
            headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        repeat = repeat and (method, path) not in _BEGINS_OR_ENDS
        timeout = (CONNECT_SECONDS, self._timeout)
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                response = self.session.request(
                    method, self.url + path, headers=headers, timeout=timeout, allow_redirects=False, **options
                )
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                self._give_up(error, method, path, last, repeat)
                time.sleep(_pause(attempt))
                continue
            if response.status_code not in _TRY_AGAIN or last:
                return response
            time.sleep(_pause(attempt, response.headers.get("Retry-After")))
            response.close()
        raise AssertionError  # the last attempt returns or raises

    def refusal(self, response: requests.Response, method: str, path: str) -> ApiError:
        """The error of an answer that is none of a call that was done."""
        try:
            message = str(response.json()["message"])
        except (ValueError, KeyError, TypeError):
            message = sentences.NO_JSON.format(method=method, path=path, code=response.status_code, url=self.url)
        return ApiError(message, response.status_code, method, path)

    def _give_up(self, error: Exception, method: str, path: str, last: bool, repeat: bool) -> None:
        """Raise ``NoAnswer`` if a request that broke is not to be sent again."""
        told = {"method": method, "path": path, "url": self.url, "problem": type(error).__name__}
        if not (repeat or _never_sent(error)):
            raise NoAnswer(sentences.NOT_KNOWN, **told) from None
        if last:
            raise NoAnswer(sentences.NO_ANSWER, **told) from None


class _Bearer(requests.auth.AuthBase):
    """Sends the token; as an ``auth``, because ``requests`` lets a ``.netrc`` replace a header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _never_sent(error: Exception) -> bool:
    """Whether there was no connection over which the request could have been sent."""
    reason = error.args[0] if error.args else None
    refused = isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError)
    return refused or isinstance(error, requests.ConnectTimeout)


def _pause(attempt: int, wish: str | None = None) -> float:
    """Seconds before the next attempt: what the server wishes, else twice as long each time.

    Args:
        attempt: how many there were before the last one.
        wish: the header ``Retry-After``.
    """
    if wish is not None and wish.isascii() and wish.isdigit():
        return min(LONGEST_WISH, float(wish))
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    return random.uniform(longest / 2, longest)
