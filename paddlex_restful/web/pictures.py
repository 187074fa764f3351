"""How the page answers with pictures: refusals in words, sizes within bounds, and for how long a browser keeps them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from paddlex_restful.datasets.pictures import MEDIA, MOST_SIDE
from paddlex_restful.errors import UserError
from paddlex_restful.web.parts import notices

SIDE = 240
"""Pixels of the longer side of a picture in a list."""

LONG = 7 * 24 * 3600
"""Seconds for which a browser may show a picture without asking, where the address changes with the picture."""

_LEAST_SIDE = 16


def refuse(error: UserError) -> Response:
    """What stands in the place of a picture that there is not."""
    return Response(notices.words(error), status=404, mimetype="text/plain")


def asked_side() -> int:
    """Pixels of the longer side that the request under work asks for."""
    return min(max(request.args.get("size", SIDE, type=int), _LEAST_SIDE), MOST_SIDE)


def kept(tag: str, seconds: int, make: Callable[[], bytes]) -> Response:
    """A picture of the type ``MEDIA`` that the browser keeps.

    Args:
        tag: another one whenever the picture is.
        seconds: for which it may show it without asking.
        make: makes it, unless the browser has it still.
    """
    answer = Response(mimetype=MEDIA)
    answer.set_etag(tag)
    answer.cache_control.private = True
    answer.cache_control.max_age = seconds
    answer.make_conditional(request)
    if answer.status_code != 304:
        answer.set_data(make())
    return answer
