"""Which module answers which address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from paddlex_restful.web.page import Page
from paddlex_restful.web.pages import datasets, home, models, server
from paddlex_restful.web.pages.dataset import creating as new_dataset
from paddlex_restful.web.pages.dataset import images, importing, split, statistics
from paddlex_restful.web.pages.project import comparing, creating, listing, overview
from paddlex_restful.web.pages.task import evaluate, export, predict, prune, training

PAGES: tuple[Page, ...] = (
    home.PAGE,
    server.PAGE,
    datasets.PAGE,
    new_dataset.PAGE,
    images.PAGE,
    statistics.PAGE,
    split.PAGE,
    importing.PAGE,
    listing.PAGE,
    overview.PAGE,
    creating.PAGE,
    comparing.PAGE,
    training.PAGE,
    evaluate.PAGE,
    predict.PAGE,
    prune.PAGE,
    export.PAGE,
    models.PAGE,
    models.ONE,
)

_MAP = Map(
    [Rule(address, endpoint=page) for page in PAGES for address in page.addresses],
    strict_slashes=False,
)


def find(address: str) -> tuple[Page, Mapping[str, Any]] | None:
    """The page of an address, and what its rule's variables stand for; None where there is none."""
    try:
        page, values = _MAP.bind("page").match(address)
    except (NotFound, RequestRedirect):
        return None
    return page, values
