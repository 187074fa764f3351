"""What a page is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dash import Dash
from dash.development.base_component import Component

from paddlex_restful.services import Services


@dataclass(frozen=True)
class Page:
    """A page of the site: one module of ``pages/``.

    Attributes:
        addresses: werkzeug rules, such as ``/tasks/<tid>``; their variables are arguments of ``layout``.
        title: what the browser's tab says, made when it is asked for, in the reader's language.
        layout: makes the page from what there is now; a ``UserError`` is shown in its place.
        register: declares the callbacks, once for each application.
        section: the part of the navigation that is marked while it is open: a root of ``mount.ROOTS``, or ``""``.
    """

    addresses: Sequence[str]
    title: Callable[[], str]
    layout: Callable[..., Component]
    register: Callable[[Dash, Services], None]
    section: str = ""
