"""/health, /ready and /metrics: for the programs that watch the server."""

from __future__ import annotations

import threading

from flask import Blueprint, Response, current_app
from werkzeug.exceptions import ServiceUnavailable

from paddlex_restful.api.access import Access
from paddlex_restful.api.answers import failure
from paddlex_restful.api.calls import NoArguments, call
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.errors import UserError
from paddlex_restful.prometheus import CONTENT_TYPE, Traffic, exposition
from paddlex_restful.services import Services, health

blueprint = Blueprint("health", __name__)


@call(blueprint, "GET", "/health", Nothing, access=Access.OPEN)
def alive(args: NoArguments, services: Services) -> None:
    """Whether the process lives: it answers."""


@call(blueprint, "GET", "/ready", Nothing, access=Access.OPEN)
def ready(args: NoArguments, services: Services) -> Response | None:
    """Whether the server can do its work; if not, the HTTP status is 503 and the message says why."""
    closing: threading.Event = current_app.extensions["closing"]
    if closing.is_set():
        raise ServiceUnavailable
    readiness: health.Readiness = current_app.extensions["readiness"]
    try:
        readiness.check()
    except UserError as error:
        return failure(str(error), 503, {"Retry-After": "10"})
    return None


@call(blueprint, "GET", "/metrics", media=("text/plain",))
def metrics(args: NoArguments, services: Services) -> Response:
    """Figures in the text format of Prometheus: requests, jobs, GPUs, disk."""
    traffic: Traffic = current_app.extensions["traffic"]
    text = exposition([*health.families(services), *traffic.families()])
    return Response(text, content_type=CONTENT_TYPE)
