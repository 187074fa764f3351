"""The pictures of the page, as files that the browser keeps."""

from __future__ import annotations

from flask import Blueprint

from paddlex_restful.services import Services


def blueprint(services: Services) -> Blueprint:
    """The addresses of pictures.

    Args:
        services: what they are taken from.
    """
    return Blueprint("images", __name__)
