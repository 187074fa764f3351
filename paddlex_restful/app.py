"""The Flask application of one server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Request, request
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response

from paddlex_restful import __version__
from paddlex_restful.api import BLUEPRINTS, kept, remembered, requests
from paddlex_restful.api.access import Access, decided
from paddlex_restful.api.access.guard import Guard
from paddlex_restful.api.access.token import settle
from paddlex_restful.api.answers import answer, register_failures
from paddlex_restful.api.calls import CALLS
from paddlex_restful.api.document import describe
from paddlex_restful.api.download import MOST_DOWNLOADS
from paddlex_restful.api.events import MOST_STREAMS
from paddlex_restful.api.remembered import Remembered
from paddlex_restful.config import Config
from paddlex_restful.logs import ServerLog
from paddlex_restful.prometheus import Traffic
from paddlex_restful.services import Services, build_services
from paddlex_restful.services.health import Readiness
from paddlex_restful.web import mount

MAX_BODY = 256 << 20
"""The largest body of a request, in bytes: a picture in base64, or the paths of a great many."""

MAX_PARTS = 4096
"""The most parts of a form: its fields and files."""


class _NoSessions(SessionInterface):
    """Nothing is kept of a browser between its requests; Flask would look for that in each of them."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self._none

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        raise NotImplementedError("there is no session to be saved")


class _App(Flask):
    session_interface = _NoSessions()

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request: as an equal one before, or by working on it."""
        requests.begin(environ)
        again: Remembered = self.extensions[remembered.EXTENSION]
        closing: threading.Event = self.extensions["closing"]
        found = None if closing.is_set() else again.answer(environ, start_response)
        return found if found is not None else super().wsgi_app(environ, start_response)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Spare each request the look whether its functions are coroutines: none is."""
        return func


def create_app(
    config: Config, services: Services | None = None, *, log: ServerLog | None = None, max_body: int = MAX_BODY
) -> Flask:
    """Make the application.

    Args:
        config: the server's settings.
        services: what the calls work on; opened from ``config`` where it is not given. It is reached as
            ``app.extensions["services"]``, and closed by whoever runs the application.
        log: takes a line for each request.
        max_body: the largest body of a request, in bytes.

    Raises:
        UserError: the workspace cannot be opened, or its access token cannot be used.
    """
    app = _App("paddlex_restful", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.config["MAX_FORM_PARTS"] = MAX_PARTS
    services = app.extensions["services"] = services or build_services(config)
    closing = app.extensions["closing"] = threading.Event()
    app.extensions["streams"] = threading.BoundedSemaphore(MOST_STREAMS)
    app.extensions["downloads"] = threading.BoundedSemaphore(MOST_DOWNLOADS)
    app.extensions["readiness"] = Readiness(services)
    app.extensions[kept.EXTENSION] = kept.KeptLists()
    traffic = app.extensions["traffic"] = Traffic()
    # What was declared last of such functions is done first: an answer is whole when it is remembered.
    ledger = requests.Ledger(traffic, log)
    Remembered(ledger).install(app)
    ledger.install(app)
    register_failures(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    mount.install(app, services)

    guard = app.extensions["guard"] = Guard(config, settle(config, services.workspace.root))
    guard.install(app)

    @app.before_request
    def refuse_while_closing() -> None:
        if closing.is_set() and not guard.is_open():
            raise ServiceUnavailable

    @app.get("/")
    @decided(Access.TOKEN)
    def index() -> Response:
        if "text/html" in request.headers.get("Accept", ""):
            return mount.visit()
        return answer(
            {
                "name": "PaddleX RESTful",
                "version": __version__,
                "docs": "/docs/",
                "openapi": "/openapi.json",
                "calls": [describe(call) for call in CALLS],
            }
        )

    return app
