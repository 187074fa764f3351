"""What every answer tells browsers: to take it for nothing but what it says, and to show it to no other site."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Response

_POLICY = "Content-Security-Policy"
_CACHE = "Cache-Control"

_ALWAYS = (
    b"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
)
_UNLESS_SAID = {
    _POLICY: b"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; sandbox\r\n",
    _CACHE: b"Cache-Control: no-store\r\n",
}
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(html: bytes | str) -> Response:
    """Make the answer of a page of the server's own; its scripts are files of the server, none lies in the page."""
    return as_page(Response(html, mimetype="text/html"))


def as_page(response: Response, hashes: Sequence[str] = ()) -> Response:
    """Let an answer be a page of the server's own.

    Args:
        response: the answer.
        hashes: of the scripts that lie in it, as a content security policy names them.

    Returns:
        The answer.
    """
    response.headers[_POLICY] = _PAGE_POLICY.format(scripts="".join(f" {name}" for name in hashes))
    return response


def protection(said: Iterable[str]) -> bytes:
    """The headers that the server adds to an answer: it is data, not a page, and is kept by nobody, unless it says so.

    They are added as they go over the wire, because a response with as many headers takes as long as a small call.

    Args:
        said: names of the headers that the answer has.

    Returns:
        Lines with their ends.
    """
    added = _UNLESS_SAID.keys() - said
    if len(added) == len(_UNLESS_SAID):
        return _ALL
    return _ALWAYS + b"".join(_UNLESS_SAID[name] for name in sorted(added))


_ALL = _ALWAYS + b"".join(_UNLESS_SAID.values())
