"""Curves of trainings as charts: the figures by which nets are compared, the loss, the learning rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from paddlex_restful.language import gettext as _
from paddlex_restful.services.curves import Curves, Point, thinned
from paddlex_restful.web.parts import charts, figures

CHARTS = ("metric", "loss", "rate")

MOST_POINTS = 1000
"""Of a line, when it is drawn; later ones are added until there are twice as many."""

_NO_FIGURES = frozenset({"Epoch", "at"})

Line = tuple[str, str]
"""``train`` or ``eval``, and the name of a figure."""


def lines_of(curves: Curves) -> dict[str, list[Line]]:
    """The lines of each chart."""
    found: dict[str, list[Line]] = {chart: [] for chart in CHARTS}
    for kind, points in (("eval", curves.evaluations), ("train", curves.train)):
        for name in dict.fromkeys(name for point in points for name in point if name not in _NO_FIGURES):
            found[_chart(kind, name)].append((kind, name))
    return found


def _chart(kind: str, name: str) -> str:
    if name == "lr":
        return "rate"
    return "metric" if kind == "eval" or name.startswith("acc") else "loss"


def drawn(chart: str, curves: Curves, lines: Sequence[Line]) -> go.Figure:
    """A chart of one training.

    Args:
        chart: one of ``CHARTS``.
        curves: what it measured.
        lines: what is drawn.
    """
    figure = go.Figure()
    first = dict(reversed(lines))
    for kind, name in lines:
        xs, ys = coordinates(curves, (kind, name), MOST_POINTS)
        # The first of each kind is what people look at; the others wait in the legend.
        shown = True if first[kind] == name else "legendonly"
        figure.add_scatter(
            x=xs,
            y=ys,
            name=_title(chart, kind, name),
            mode="lines+markers" if kind == "eval" else "lines",
            visible=shown,
            showlegend=len(lines) > 1,
        )
    return framed(chart, figure)


_SCALES: Mapping[str, Mapping[str, Any]] = {"metric": {"tickformat": ".1~%"}, "rate": {"rangemode": "tozero"}}


def framed(chart: str, figure: go.Figure) -> go.Figure:
    """Give a chart its axes."""
    charts.styled(
        figure,
        height=260,
        uirevision="kept",
        xaxis={**_axis(), "title": _("Epoch"), "rangemode": "tozero"},
        yaxis={**_axis(), **_SCALES.get(chart, {})},
        hovermode="x unified",
    )
    return figure


def _axis() -> dict[str, Any]:
    return dict(charts.styled(go.Figure()).layout.xaxis.to_plotly_json())


def coordinates(curves: Curves, line: Line, most: int) -> tuple[list[float], list[float]]:
    """Where the points of a line lie: epochs and values.

    Args:
        curves: what was measured.
        line: which of it.
        most: so many points at most.
    """
    kind, name = line
    points: Sequence[Point] = curves.evaluations if kind == "eval" else curves.train
    there = thinned([point for point in points if name in point], most)
    return [round(point["at"], 4) for point in there], [point[name] for point in there]


def added(curves: Curves, lines: Sequence[Line]) -> list[Any] | None:
    """New points of a chart, as ``extendData`` takes them; None where there are none.

    Args:
        curves: what is new.
        lines: of the chart, in the order in which they were drawn.
    """
    places = [coordinates(curves, line, MOST_POINTS) for line in lines]
    grown = [number for number, (xs, _ys) in enumerate(places) if xs]
    if not grown:
        return None
    return [{"x": [places[number][0] for number in grown], "y": [places[number][1] for number in grown]}, grown]


def titles() -> Mapping[str, str]:
    """What the charts are called."""
    return {"metric": _("How good it is"), "loss": _("Loss"), "rate": _("Learning rate")}


def _title(chart: str, kind: str, name: str) -> str:
    called = charts.plain(figures.metric_name(name))
    if chart != "metric":
        return called
    if kind == "eval":
        return _("{figure} (validation)").format(figure=called)
    return _("{figure} (training)").format(figure=called)
