"""The addresses of the page: what the server's guard has let pass goes on to the page's own application.

That is made at the first visit, because Dash takes a third of a second and 35 MiB that a server without visitors saves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from flask import Blueprint, Flask, current_app, request
from werkzeug.wrappers import Response

from paddlex_restful.api.access import Access, decided
from paddlex_restful.services import Services

blueprint = Blueprint("web", __name__)

PREFIX = "/_page/"
"""All that the page fetches lies below it."""

ROOTS = ("datasets", "projects", "tasks", "models", "server")
"""The first parts of the addresses of pages."""

_KEY = "page"


class LazyPage:
    """The page's application, made when it is first asked for.

    Args:
        services: what the page works on.
        limits: settings of Flask for what a request may hold, as the server has them.
    """

    def __init__(self, services: Services, limits: Mapping[str, int]) -> None:
        self._services = services
        self._limits = limits
        self._lock = threading.Lock()
        self._flask: Flask | None = None

    def answer(self, path: str) -> Response:
        """Have it answer the request under work.

        Args:
            path: the address that it is to see.
        """
        return Response.from_app(self._made().wsgi_app, {**request.environ, "PATH_INFO": path})

    def _made(self) -> Flask:
        with self._lock:
            if self._flask is None:
                from paddlex_restful.web.site import build

                self._flask = build(self._services, PREFIX, self._limits)
            return self._flask


def install(app: Flask, services: Services) -> None:
    """Give an application the page.

    Args:
        app: the server's application.
        services: what the page works on.
    """
    limits = {name: app.config[name] for name in ("MAX_CONTENT_LENGTH", "MAX_FORM_PARTS")}
    app.extensions[_KEY] = LazyPage(services, limits)
    app.register_blueprint(blueprint)


def visit() -> Response:
    """The page for the address under work, which the page's script reads from the browser."""
    return _page().answer(PREFIX)


def _declare_visits() -> None:
    view: Callable[..., Response] = decided(Access.TOKEN)(lambda **_: visit())
    for root in ROOTS:
        for rule in (f"/{root}", f"/{root}/<path:rest>"):
            blueprint.add_url_rule(rule, endpoint=root, view_func=view, methods=["GET"])


_declare_visits()


@blueprint.get(f"{PREFIX}<path:rest>")
@decided(Access.TOKEN)
def read(rest: str) -> Response:
    """A script, a style, a picture of the page."""
    return _page().answer(PREFIX + rest)


@blueprint.post(f"{PREFIX}<path:rest>")
@decided(Access.TOKEN, changes=True)
def act(rest: str) -> Response:
    """What the visitor did, and what the page shows of it."""
    return _page().answer(PREFIX + rest)


def _page() -> LazyPage:
    page: LazyPage = current_app.extensions[_KEY]
    return page
