"""The frames of pages: headings with the way back, cards, and what stands where there is nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _

Crumb = tuple[str, str]
"""A label and an address."""


def heading(
    title: str, *, crumbs: Sequence[Crumb] = (), beside: Sequence[Component] = (), actions: Sequence[Component] = ()
) -> Component:
    """The top of a page.

    Args:
        title: its name.
        crumbs: the pages above it, the highest first.
        beside: what stands behind the name, such as a status.
        actions: buttons at the right end.
    """
    way: list[Component] = []
    if crumbs:
        links = [dmc.Anchor(label, href=href, refresh=False, size="sm", c="dimmed") for label, href in crumbs]
        way = [html.Nav(dmc.Breadcrumbs(links), **{"aria-label": _("Breadcrumbs")})]
    name = dmc.Group([dmc.Title(title, order=1, size="h2"), *beside], gap="sm")
    top = dmc.Group([name, dmc.Group(list(actions), gap="xs")], justify="space-between", align="center")
    return dmc.Stack([*way, top], gap=4, mb="md")


def tabs(root: str, words: Mapping[str, Callable[[], str]], here: str, label: str) -> Component:
    """The way to the tabs of an entry.

    Args:
        root: address of the first tab.
        words: what the tabs are called, by the ends of their addresses; that of the first is empty.
        here: the end of the tab that is open.
        label: what they are tabs of, for screen readers.
    """
    links = [
        dmc.Anchor(
            called(),
            href=f"{root}/{end}".rstrip("/"),
            refresh=False,
            underline="never",
            className="tab tab-here" if end == here else "tab",
            **({"aria-current": "page"} if end == here else {}),
        )
        for end, called in words.items()
    ]
    return html.Nav(links, className="tabs", **{"aria-label": label})


def panel(*children: Any, title: str | None = None, aside: Component | None = None, **properties: Any) -> Component:
    """A framed part of a page.

    Args:
        children: what is in it.
        title: its heading.
        aside: stands at the right end of the heading.
        properties: more of the paper's.
    """
    top: list[Component] = []
    if title is not None or aside is not None:
        parts = [dmc.Title(title or "", order=2, size="h4"), *([aside] if aside is not None else [])]
        top = [dmc.Group(parts, justify="space-between", mb="sm")]
    return dmc.Paper([*top, *children], withBorder=True, p="md", **properties)


def nothing(text: str, *actions: Component, hint: str = "") -> Component:
    """What stands where there is nothing yet.

    Args:
        text: what there is not.
        actions: how to make one.
        hint: what to do first, in a sentence.
    """
    lines = [dmc.Text(text, fw=600), *([dmc.Text(hint, c="dimmed", size="sm", ta="center")] if hint else [])]
    return dmc.Center(dmc.Stack([*lines, dmc.Group(list(actions), justify="center")], align="center", gap="xs"), p="xl")


def figure(name: str, value: str, hint: str = "") -> Component:
    """A number with its name, to stand beside others.

    Args:
        name: what it is.
        value: the number with its unit.
        hint: what it means, in a sentence.
    """
    box = dmc.Paper(
        [dmc.Text(name, size="xs", c="dimmed"), dmc.Text(value, size="xl", fw=600, className="figure")],
        withBorder=True,
        p="sm",
        miw=120,
    )
    return dmc.Tooltip(box, label=hint, multiline=True, w=260) if hint else box
