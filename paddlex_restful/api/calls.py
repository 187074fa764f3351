"""Calls: one decorator that gives a function its address, reads its arguments and answers with what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar, get_type_hints

from flask import Blueprint, Request, Response, current_app, request
from flask.globals import request_ctx
from werkzeug.datastructures import MultiDict

from paddlex_restful.api.access import Access, decided
from paddlex_restful.api.answers import answer, for_reader
from paddlex_restful.api.arguments import Arguments, NoArguments, read_arguments
from paddlex_restful.api.idempotency import HEADER, answered_once
from paddlex_restful.api.schemas import Answer

__all__ = ["CALLS", "Arguments", "Call", "FilePart", "NoArguments", "call"]

Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]
Body: TypeAlias = Literal["json", "form", "bytes"]
Handler: TypeAlias = Callable[[Any, Any], Mapping[str, Any] | Response | None]
HandlerT = TypeVar("HandlerT", bound=Handler)


@dataclass(frozen=True)
class FilePart:
    """Files of one name in a form.

    Attributes:
        description: what they are.
        many: there may be several.
    """

    description: str
    many: bool = False


@dataclass(frozen=True)
class Call:
    """One call of the HTTP interface, as it was declared.

    Attributes:
        method: the HTTP verb.
        path: the address, with its leading slash.
        noun: name of the blueprint that it belongs to.
        arguments: the model of the arguments.
        function: what answers it, given the arguments and the services.
        summary: the first line of the function's docstring.
        answers: the models of what it answers in JSON when it succeeds; each answer is of one of them.
        media: content types of what it answers beside JSON.
        access: who may use it.
        changes: whether it changes or starts something.
        body: what the body of a request may be: one JSON object; that or a form (``multipart/form-data``), told apart
            by the content type; or bytes that are no arguments.
        files: of a form, the files by their names.
    """

    method: Method
    path: str
    noun: str
    arguments: type[Arguments]
    function: Handler
    summary: str
    answers: tuple[type[Answer], ...]
    media: tuple[str, ...]
    access: Access
    changes: bool
    body: Body = "json"
    files: Mapping[str, FilePart] = field(default_factory=dict)


CALLS: list[Call] = []
"""Every call that a noun module has declared, in the order of the imports."""


def call(
    blueprint: Blueprint,
    method: Method,
    path: str,
    *answers: type[Answer],
    media: Sequence[str] = (),
    access: Access = Access.TOKEN,
    changes: bool | None = None,
    body: Body = "json",
    files: Mapping[str, FilePart] | None = None,
) -> Callable[[HandlerT], HandlerT]:
    """Declare a function as a call of the HTTP interface.

    The function takes its arguments (a model below ``Arguments``, named by the annotation of its first parameter) and
    the services. It returns the answer's fields, ``None`` where there are none beside ``status``, or a whole response
    (raw bytes). It raises ``UserError`` for what the user can put right.

    Args:
        blueprint: the noun's blueprint.
        method: the HTTP verb.
        path: the address, with its leading slash.
        answers: models of what it answers in JSON.
        media: content types of what it answers beside JSON.
        access: who may use it.
        changes: whether it changes or starts something; all but GET do unless told otherwise.
        body: what the body of a request may be; bytes are left to the function, in ``request.stream``.
        files: of a form, the files by their names; the function finds them in ``request.files``.

    Raises:
        TypeError: the function's first parameter is not annotated with a model, it has no docstring, or no answer is
            told.
    """

    def declare(function: HandlerT) -> HandlerT:
        model = _model_of(function)
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        if not summary:
            raise TypeError(f"{function.__name__} needs a docstring: its first line is the summary of {method} {path}")
        if not answers and not media:
            raise TypeError(f"{method} {path} needs the models or the content types of its answers")

        alters = method != "GET" if changes is None else changes

        told = Call(
            method,
            path,
            blueprint.name,
            model,
            function,
            summary,
            answers,
            tuple(media),
            access,
            alters,
            body,
            files or {},
        )

        def respond() -> Response:
            current = request_ctx.request
            arguments = read_arguments(model, current.args, _content(told, current))
            result = function(arguments, current_app.extensions["services"])
            if isinstance(result, Response):
                return result
            return answer({**(result or {}), "unknown_arguments": arguments.unknown} if arguments.unknown else result)

        @decided(access, changes=alters)
        def view() -> Response:
            if HEADER in request.headers and method == "POST":
                response = answered_once(respond, current_app.extensions["services"].replies)
            else:
                response = respond()
            return for_reader(response, answers)

        blueprint.add_url_rule(path, f"{method} {path}", view, methods=[method])
        CALLS.append(told)
        return function

    return declare


def _content(told: Call, request: Request) -> bytes | MultiDict[str, str]:
    """What the body of the request has for arguments: JSON text, or the fields of a form."""
    if told.body == "bytes":
        return b""
    if told.body == "form" and request.mimetype == "multipart/form-data":
        # A file under a name that the call does not have is one more argument that it does not know.
        strangers = [(name, file.filename or "") for name, file in request.files.items() if name not in told.files]
        # A part without a name has None in the place of one.
        return MultiDict([(name or "", value) for name, value in (*request.form.items(multi=True), *strangers)])
    return request.get_data()


def _model_of(function: Handler) -> type[Arguments]:
    hints = get_type_hints(function)
    first = next(iter(inspect.signature(function).parameters), "")
    model = hints.get(first)
    if not (isinstance(model, type) and issubclass(model, Arguments)):
        raise TypeError(f"the first parameter of {function.__name__} needs the annotation of a model below Arguments")
    return model
