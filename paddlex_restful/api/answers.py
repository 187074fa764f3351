"""Answers: strict JSON, and one place where every kind of failure becomes one."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import sqlite3
from collections.abc import Mapping, Set
from typing import Any

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
    ServiceUnavailable,
)

from paddlex_restful import language
from paddlex_restful.api.remembered import forget
from paddlex_restful.api.schemas.base import Answer
from paddlex_restful.api.schemas.sentences import places, retold
from paddlex_restful.errors import UserError
from paddlex_restful.logs import request_id
from paddlex_restful.messages import api as messages

SUCCESS = 1
FAILURE = -1

_JSON = "application/json"

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY

_TOLD_OF_THE_SYSTEM: Mapping[int, str] = {
    errno.ENOSPC: messages.DISK_FULL,
    errno.EDQUOT: messages.DISK_FULL,
    errno.EROFS: messages.READ_ONLY,
    errno.EACCES: messages.NOT_PERMITTED,
    errno.EPERM: messages.NOT_PERMITTED,
    errno.ENAMETOOLONG: messages.NAME_TOO_LONG,
    errno.ELOOP: messages.LINK_LOOP,
}
"""What the operating system may refuse without a fault of the server, and how that is told."""

_log = logging.getLogger(__name__)


def encode(value: Any) -> bytes:
    """Encode a value as strict JSON in UTF-8.

    NaN and infinities become ``null``, keys become text, paths and sets are written as text and lists. File names that
    are not UTF-8 (which Python carries as lone surrogates) keep what can be shown, with a replacement character for
    each other byte.

    Raises:
        TypeError: the value holds something that JSON has no form for.
    """
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS)
    except TypeError as error:
        if "surrogates" not in str(error):
            raise
        return orjson.dumps(_without_surrogates(value), default=_plain, option=_OPTIONS)


def answer(fields: Mapping[str, Any] | None = None) -> Response:
    """Make the answer of a call that succeeded: its fields and ``"status": 1``."""
    return _json({**(fields or {}), "status": SUCCESS})


def failure(
    message: str,
    code: int = 200,
    headers: Mapping[str, str] | None = None,
    fields: Mapping[str, object] | None = None,
) -> Response:
    """Make the answer of a call that failed: ``{"status": -1, "message": ...}``.

    Args:
        message: one sentence for people, in English; it is told in the reader's language.
        code: the HTTP status; 200 for everything that is the application's, see ``docs/http.md``.
        headers: HTTP headers to add.
        fields: what to tell beside, for programs.
    """
    chosen = language.current()
    message = language.sentence(message, chosen)
    response = _json({**(fields or {}), "status": FAILURE, "message": message}, code)
    response.headers.extend(dict(headers or {}))
    return in_language(chosen, response)


def for_reader(response: Response, models: tuple[type[Answer], ...]) -> Response:
    """The answer of a call that succeeded, with its sentences in the reader's language.

    Those are put in at the last moment: what is kept, such as answers to repeat, is in English.

    Args:
        response: the answer, in English.
        models: of what the call answers.
    """
    chosen = language.current()
    if chosen == language.SOURCE or response.mimetype != _JSON:
        return response
    where = places(*models)
    if where:
        value = orjson.loads(response.get_data())
        response.set_data(encode(retold(value, where, lambda sentence: language.sentence(sentence, chosen))))
        in_language(chosen, response)
    return response


def in_language(chosen: str, response: Response) -> Response:
    """Let an answer say in which language it is. English ones do without, for nobody keeps answers.

    Args:
        chosen: the language of its sentences.
        response: the answer.

    Returns:
        The answer.
    """
    if chosen != language.SOURCE:
        response.headers["Content-Language"] = chosen
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def register_failures(app: Flask) -> None:
    """Let ``app`` answer every failure in the one JSON form."""
    app.register_error_handler(UserError, _user_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _internal_error)


def _json(fields: Mapping[str, Any], code: int = 200) -> Response:
    return Response(encode(fields), status=code, mimetype=_JSON)


def _user_error(error: UserError) -> Response:
    forget()
    return failure(str(error), fields=error.fields)


def _http_error(error: HTTPException) -> Response:
    code = error.code or 500
    headers: dict[str, str] = {}
    if isinstance(error, NotFound):
        message = messages.NO_SUCH_ADDRESS.format(path=request.path)
    elif isinstance(error, MethodNotAllowed):
        allowed = sorted(set(error.valid_methods or ()) - {"HEAD", "OPTIONS"})
        headers["Allow"] = ", ".join(error.valid_methods or ())
        message = messages.NO_SUCH_METHOD.format(path=request.path, method=request.method, allowed=", ".join(allowed))
    elif isinstance(error, RequestEntityTooLarge):
        message = _too_large()
    elif isinstance(error, RequestedRangeNotSatisfiable):
        headers["Content-Range"] = f"{error.units} */{error.length}"
        message = messages.NO_SUCH_RANGE.format(length=error.length)
    elif isinstance(error, ServiceUnavailable):
        headers["Retry-After"] = "2"
        message = messages.SHUTTING_DOWN
    else:
        message = messages.BAD_REQUEST.format(code=code, name=error.name)
    return failure(message, code, headers)


def _too_large() -> str:
    limit = request.max_content_length or 0
    if (request.content_length or 0) > limit:
        return messages.TOO_MUCH.format(limit=limit >> 20)
    most, text = request.max_form_parts, request.max_form_memory_size or 0
    return messages.TOO_MANY_PARTS.format(most=most, size=text // 1000)


def _internal_error(error: Exception) -> Response:
    forget()
    return failure(told(error))


def told(error: Exception) -> str:
    """What is said of a failure of any kind during a request; one that only the log can tell of has a reference."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and (template := _TOLD_OF_THE_SYSTEM.get(error.errno or 0)):
        _log.warning("%s %s was refused by the system: %s", request.method, request.path, error)
        return str(UserError(template, path=str(error.filename or error.strerror)))
    if isinstance(error, sqlite3.OperationalError):
        _log.warning("%s %s was refused by the database of the jobs: %s", request.method, request.path, error)
        return messages.JOBS_UNWRITABLE.format(reason=error)
    reference = request_id.get() or secrets.token_hex(8)
    _log.error("%s %s failed, reference %s", request.method, request.path, reference, exc_info=error)
    return messages.INTERNAL.format(reference=reference)


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, Set)):
        return [_without_surrogates(item) for item in value]
    return value
