"""What every answer tells browsers: to take it for nothing but what it says, and to show it to no other site."""

from __future__ import annotations

from flask import Response

ALL_ANSWERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(html: bytes | str) -> Response:
    """Make the answer of a page of the server's own; its scripts are files of the server, none lies in the page."""
    return Response(html, mimetype="text/html", headers={"Content-Security-Policy": _PAGE_POLICY})


def protect(response: Response) -> Response:
    """Add what an answer does not say yet: it is data, not a page, and is kept by nobody."""
    headers = response.headers
    headers.extend(ALL_ANSWERS)
    if "Content-Security-Policy" not in headers:
        headers.add("Content-Security-Policy", _DATA_POLICY)
    if "Cache-Control" not in headers:
        headers.add("Cache-Control", "no-store")
    return response
