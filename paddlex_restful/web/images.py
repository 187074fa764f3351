"""The pictures of the page, as files that the browser keeps."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request, send_file

from paddlex_restful.datasets.pictures import MEDIA, Labels
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, imports
from paddlex_restful.services.pictures import Pictures
from paddlex_restful.web.mount import PREFIX
from paddlex_restful.web.pictures import LONG, SIDE, asked_side, kept, refuse

_SOON = 60
"""Seconds for which a browser may show a picture without asking, where the address says nothing of its version."""

_NONE_YET = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 48 48' fill='none' stroke='#868e96' stroke-width='1.5'>"
    "<rect x='13' y='16' width='22' height='17' rx='2'/><path d='m13 30 6-6 6 6 3-3 7 6'/></svg>"
)


def address(
    did: str, image: str | None = None, *, side: int = SIDE, labels: Labels = Labels.SHAPES, version: str = ""
) -> str:
    """Where the page finds the picture of an image of a dataset.

    Args:
        did: the dataset.
        image: path of the image, relative to the dataset; None takes the first. A dataset without images has a
            picture that says so.
        side: pixels of the longer side, at most.
        labels: what is drawn of its labels.
        version: another one whenever the dataset is; with it the browser keeps the picture for long.
    """
    wanted = {"did": did, "file": image, "size": side, "labels": labels.value, "v": version}
    return f"{PREFIX}thumbnail?{urlencode({name: value for name, value in wanted.items() if value})}"


def finding(did: str, number: int) -> str:
    """Where the page finds the picture of a file that a check found bad.

    Args:
        did: the dataset.
        number: the place of the file among those that are told.
    """
    return f"{PREFIX}finding?{urlencode({'did': did, 'number': number})}"


def blueprint(services: Services) -> Blueprint:
    """The addresses of pictures.

    Args:
        services: what they are taken from.
    """
    found = Blueprint("images", __name__)
    pictures = Pictures(services)

    found.register_error_handler(UserError, refuse)

    @found.get("/thumbnail")
    def thumbnail() -> Response:
        labels = request.args.get("labels", Labels.NONE, type=Labels)
        image = pictures.find(request.args.get("did", ""), request.args.get("file") or None)
        if image is None:
            return Response(_NONE_YET, mimetype="image/svg+xml", headers={"Cache-Control": "no-cache"})
        side = asked_side()
        return kept(
            f"{image.tag}-{side}-{labels.value}",
            LONG if "v" in request.args else _SOON,
            lambda: pictures.picture(image, side, labels),
        )

    @found.get("/finding")
    def bad_file() -> Response:
        file = imports.picture(services, request.args.get("did", ""), request.args.get("number", -1, type=int))
        if file is None:
            return Response(_("There is no such picture."), status=404, mimetype="text/plain")
        return send_file(file, mimetype=MEDIA, max_age=0)

    return found
