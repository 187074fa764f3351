"""The choice of a net: three cards for those who do not know them, and a table of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.language import gettext as _
from paddlex_restful.services import zoo
from paddlex_restful.services.zoo import Net
from paddlex_restful.web.parts import figures

CHOICE = "new-net"
"""Id of the choice; its value is the ``key`` of a net."""

_ACCURACIES: Mapping[str, Callable[[], str]] = {
    "classification": lambda: _("Accuracy on ImageNet"),
    "detection": lambda: _("mAP on COCO"),
    "segmentation": lambda: _("Mean IoU on Cityscapes"),
    "instance_segmentation": lambda: _("mAP of masks on COCO"),
}

_KEYS: Mapping[str, Callable[[Net], Any]] = {
    "name": lambda net: net.key.lower(),
    "parameters": lambda net: net.variant["parameters"],
    "gflops": lambda net: net.variant["gflops"],
    "milliseconds": lambda net: net.known.milliseconds,
    "accuracy": lambda net: net.known.accuracy,
}
"""By what the table is sorted."""


def choosing(project_type: str, chosen: str) -> Component:
    """The choice.

    Args:
        project_type: of the project.
        chosen: the ``key`` of the net that is chosen first.
    """
    table = dmc.Accordion(
        dmc.AccordionItem(
            [
                dmc.AccordionControl(_("All models, with their figures")),
                dmc.AccordionPanel(
                    [
                        html.Div(_table(project_type, "gflops", False), id="new-nets"),
                        dmc.Text(_notes(), size="xs", c="dimmed", mt="xs"),
                    ]
                ),
            ],
            value="all",
        ),
        variant="contained",
        mt="md",
    )
    return html.Div(
        [
            dcc.Store(id="new-type", data=project_type),
            dcc.Store(id="new-order", data=["gflops", False]),
            dmc.RadioGroup([_cards(project_type), table], id=CHOICE, value=chosen, **{"aria-label": _("Model")}),
        ]
    )


def _notes() -> str:
    return _(
        "GFLOPs are milliards of multiplications for one image of the default size. Accuracy and time are those that "
        "were published, the time on eight threads of a server's processor; with your images they will be others."
    )


def _cards(project_type: str) -> Component:
    advice = zoo.advice(project_type)
    offered = (
        (advice.small, _("Small"), _("Computes least: for phones, small boards and quick trials.")),
        (advice.balanced, _("Balanced"), _("Gains most accuracy for what it computes; a good first choice.")),
        (advice.accurate, _("Accurate"), _("Finds most, takes longest; best with a GPU.")),
    )
    shown: dict[str, Component] = {}
    for net, title, meaning in offered:
        shown.setdefault(net.key, _card(project_type, net, title, meaning))
    return dmc.SimpleGrid(list(shown.values()), cols={"base": 1, "sm": len(shown)})


def _card(project_type: str, net: Net, title: str, meaning: str) -> Component:
    facts = [
        _("{count} M parameters").format(count=figures.number(net.variant["parameters"])),
        _("{count} GFLOPs").format(count=figures.number(net.variant["gflops"])),
    ]
    if net.known.accuracy is not None:
        facts.append(f"{_ACCURACIES[project_type]()} {net.known.accuracy:.1f}%")
    text = dmc.Stack(
        [
            dmc.Text(title, fw=600),
            dmc.Text(net.key, size="sm", c="dimmed"),
            dmc.Text(meaning, size="sm"),
            dmc.Text(" · ".join(facts), size="xs", c="dimmed"),
        ],
        gap=4,
    )
    return dmc.RadioCard(
        dmc.Group([dmc.RadioIndicator(), dmc.Box(text, flex=1)], wrap="nowrap", align="flex-start"),
        value=net.key,
        withBorder=True,
        p="md",
        radius="md",
        className="choice",
        **{"aria-label": _("{name}: {value}").format(name=title, value=net.key)},
    )


def _table(project_type: str, order: str, descending: bool) -> Component:
    key = _KEYS[order]
    nets = zoo.nets(project_type)
    # Those of which the figure is not known stand last, whichever way it is sorted.
    known = sorted((net for net in nets if key(net) is not None), key=key, reverse=descending)
    rows = [_row(net) for net in (*known, *(net for net in nets if key(net) is None))]
    titles = (
        ("name", _("Model")),
        ("parameters", _("Parameters, M")),
        ("gflops", _("GFLOPs")),
        ("milliseconds", _("Time, ms")),
        ("accuracy", f"{_ACCURACIES[project_type]()}, %"),
    )
    heads = [_head(name, title, order, descending) for name, title in titles]
    head = dmc.TableThead(dmc.TableTr([*heads, dmc.TableTh(_("Pretrained weights"))]))
    table = dmc.Table([head, dmc.TableTbody(rows)], highlightOnHover=True, verticalSpacing=6, tabularNums=True)
    return dmc.TableScrollContainer(table, minWidth=680, maxHeight=420)


def _head(name: str, title: str, order: str, descending: bool) -> Component:
    here = name == order
    arrow = ("↓" if descending else "↑") if here else ""
    button = dmc.UnstyledButton(
        [title, html.Span(arrow, className="sorted", **{"aria-hidden": "true"})],
        id={"page": "new", "sort": name},
        fz="sm",
        fw=700,
        **{"aria-label": _("Sort by {title}").format(title=title)},
    )
    state = ("descending" if descending else "ascending") if here else "none"
    return dmc.TableTh(button, **{"aria-sort": state})


def _row(net: Net) -> Component:
    cells: Sequence[Any] = (
        dmc.Radio(value=net.key, label=net.key, size="sm"),
        figures.number(net.variant["parameters"]),
        figures.number(net.variant["gflops"]),
        figures.number(net.known.milliseconds),
        "–" if net.known.accuracy is None else f"{net.known.accuracy:.1f}",
        ", ".join(net.variant["weights"]) or "–",
    )
    return dmc.TableTr([dmc.TableTd(cell) for cell in cells])


def register(site: Dash) -> None:
    """Declare what sorts the table."""

    @site.callback(
        Output("new-nets", "children"),
        Output("new-order", "data"),
        Input({"page": "new", "sort": ALL}, "n_clicks"),
        State("new-order", "data"),
        State("new-type", "data"),
        prevent_initial_call=True,
    )
    def sort(_clicks: Sequence[int | None], before: tuple[str, bool], project_type: str) -> tuple[Component, list[Any]]:
        clicked = ctx.triggered_id
        if not isinstance(clicked, dict) or not ctx.triggered[0]["value"]:
            raise PreventUpdate
        order = clicked["sort"]
        descending = not before[1] if order == before[0] else False
        return _table(project_type, order, descending), [order, descending]
