"""Precision–recall curves, and what a threshold changes: in the browser, from counts that come once a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, evaluation
from paddlex_restful.web.pages.task.evaluate.measured import Measured
from paddlex_restful.web.parts import charts, frames

_TOGETHER = "0"
"""Of the counts, the place of those of all classes together."""


def panel(seen: Measured) -> Component:
    """The panel.

    Args:
        seen: the evaluation, which has curves.
    """
    assert seen.curves is not None
    counts = seen.curves[seen.compared[0]]
    choice = dmc.Select(
        id="evaluate-curve-class",
        data=[{"value": str(index), "label": one["category"] or _("All together")} for index, one in enumerate(counts)],
        value=_TOGETHER,
        allowDeselect=False,
        searchable=True,
        limit=100,
        w=220,
        **{"aria-label": _("Class of the curve")},
    )
    return frames.panel(
        dmc.SimpleGrid(
            [
                html.Div(
                    charts.chart("evaluate-curve-chart", _figure()),
                    role="img",
                    **{"aria-label": _("Precision–recall curve; the figures at the threshold are beside it")},
                ),
                _at_threshold(seen),
            ],
            cols={"base": 1, "md": 2},
            spacing="xl",
        ),
        dcc.Store(id="evaluate-counts", data=counts[int(_TOGETHER)]),
        title=_("Which score is enough"),
        aside=choice,
    )


def _at_threshold(seen: Measured) -> Component:
    objects = seen.project_type != "classification"
    start = seen.arguments["score_thresh"] if objects else 0.5
    slider = dmc.Slider(
        id="evaluate-threshold",
        min=0,
        max=1,
        step=0.01,
        value=start,
        precision=2,
        updatemode="drag",
        marks=[{"value": value, "label": f"{value:.0%}"} for value in (0, 0.25, 0.5, 0.75, 1)],
        thumbLabel=_("Score that is enough"),
        mb="xl",
        mx="sm",
    )
    words = (
        _("A find counts if its score is at least this.")
        if objects
        else _(
            "An image counts as of a class if that has at least this score; below it the model is taken to be unsure."
        )
    )
    shown = (
        ("precision", _("Precision"), _("of what is found is right")),
        ("recall", _("Recall"), _("of what is there is found")),
        ("f1", _("F1"), _("weighs both alike")),
        ("right", _("Right"), _("found, and right")),
        ("wrong", _("False alarms"), _("found, and wrong")),
        ("missed", _("Missed"), _("there, and not found")),
    )
    return dmc.Stack(
        [
            dmc.Group(
                [
                    dmc.Text([_("Score of at least"), " ", html.B(id="evaluate-at-threshold")], size="sm"),
                    dmc.Button(_("Where F1 is best"), id="evaluate-best-f1", size="compact-sm", variant="light"),
                ],
                justify="space-between",
            ),
            slider,
            dmc.Text(words, size="sm", c="dimmed"),
            dmc.SimpleGrid([_number(*one) for one in shown], cols={"base": 2, "xs": 3}, **{"aria-live": "polite"}),
        ]
    )


def _number(name: str, words: str, meaning: str) -> Component:
    return dmc.Box(
        [
            dmc.Text(words, size="sm", c="dimmed"),
            dmc.Text(id=f"evaluate-at-{name}", size="lg", fw=600, className="figure"),
            dmc.Text(meaning, size="xs", c="dimmed"),
        ]
    )


def _figure() -> go.Figure:
    """The chart without its curve, which is drawn in the browser."""
    shares = {"range": [0, 1.03], "tickformat": ".0%", "fixedrange": True}
    curve = go.Scatter(
        x=[],
        y=[],
        customdata=[],
        mode="lines",
        line={"width": 2},
        hovertemplate=_("Score {score}: precision {precision}, recall {recall}").format(
            score="%{customdata:.0%}", precision="%{y:.1%}", recall="%{x:.1%}"
        )
        + "<extra></extra>",
    )
    here = go.Scatter(x=[], y=[], mode="markers", marker={"size": 12, "color": "#f76707"}, hoverinfo="skip")
    return charts.styled(
        go.Figure([curve, here]),
        height=320,
        showlegend=False,
        xaxis={**shares, "title": {"text": _("Recall")}},
        yaxis={**shares, "title": {"text": _("Precision")}},
    )


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("evaluate-counts", "data"),
        Input("evaluate-curve-class", "value"),
        Input("evaluate-compared", "value"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def choose(index: str, compared: str, tid: str) -> Mapping[str, Any]:
        counts: Sequence[Mapping[str, Any]] | None = (evaluation.curves(services, tid) or {}).get(compared)
        if counts is None:
            raise PreventUpdate
        return counts[int(index)]

    site.clientside_callback(
        ClientsideFunction("evaluate", "atThreshold"),
        *(
            Output(f"evaluate-at-{name}", "children")
            for name in ("threshold", "precision", "recall", "f1", "right", "wrong", "missed")
        ),
        Output("evaluate-curve-chart", "figure"),
        Input("evaluate-threshold", "value"),
        Input("evaluate-counts", "data"),
        State("evaluate-curve-chart", "figure"),
    )
    site.clientside_callback(
        ClientsideFunction("evaluate", "bestThreshold"),
        Output("evaluate-threshold", "value"),
        Input("evaluate-best-f1", "n_clicks"),
        State("evaluate-counts", "data"),
        prevent_initial_call=True,
    )
