"""/openapi.json and /docs: the calls for programs, and as a page to read and try them.

The page is Swagger UI, whose files come with the package flask-swagger-ui; it needs no outside address.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from paddlex_restful.api import headers
from paddlex_restful.api.access import Access, decided
from paddlex_restful.api.answers import encode
from paddlex_restful.api.openapi import openapi

blueprint = Blueprint("docs", __name__)

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}
_START = b"""\
SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#calls",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
_PAGE = b"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PaddleX RESTful: the calls</title>
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<main id="calls"><noscript>This page needs JavaScript; /openapi.json has the same for programs.</noscript></main>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
"""


@blueprint.get("/openapi.json")
@decided(Access.TOKEN)
def document() -> Response:
    """The calls as an OpenAPI 3.1 document."""
    return Response(_document(), mimetype="application/json")


@blueprint.get("/docs/")
@decided(Access.TOKEN)
def page() -> Response:
    """The page."""
    return headers.page(_PAGE)


@blueprint.get("/docs/start.js")
@decided(Access.TOKEN)
def start() -> Response:
    """What starts the page."""
    return Response(_START, mimetype="text/javascript")


@blueprint.get("/docs/<name>")
@decided(Access.TOKEN)
def asset(name: str) -> Response:
    """A file of Swagger UI.

    Raises:
        NotFound: the page needs no such file.
    """
    if name not in _ASSETS:
        raise NotFound
    response = Response(_asset(name), mimetype=_ASSETS[name])
    response.cache_control.max_age = 3600
    return response


@cache
def _document() -> bytes:
    return encode(openapi())


@cache
def _asset(name: str) -> bytes:
    return (files("flask_swagger_ui") / "dist" / name).read_bytes()
