"""The confusion matrix: a heat map and a table, whose cells open the images behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import ALL, Dash, Input, Output, State, ctx, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.language import gettext as _
from paddlex_restful.results import BACKGROUND
from paddlex_restful.services import Services
from paddlex_restful.web.pages.task.evaluate import gallery
from paddlex_restful.web.pages.task.evaluate.measured import Measured, measured
from paddlex_restful.web.parts import charts, frames

_MOST = 25
"""Classes that are shown; of more, those with most errors."""

_MOST_NAMED = 12
"""Classes up to which the numbers are written into the cells."""

_SCALE = (
    (0, "rgba(232, 89, 12, 1)"),
    (0.49, "rgba(232, 89, 12, 0.15)"),
    (0.5, "rgba(134, 142, 150, 0.10)"),
    (0.51, "rgba(66, 99, 235, 0.15)"),
    (1, "rgba(66, 99, 235, 1)"),
)
"""Errors to the left, hits to the right."""

_LONGEST_NAME = 16


def panel(seen: Measured) -> Component:
    """The panel.

    Args:
        seen: the evaluation.
    """
    shown = html.Div(content(seen, seen.compared[0]), id="evaluate-matrix")
    return frames.panel(shown, title=_("What is taken for what"))


def content(seen: Measured, compared: str) -> list[Component]:
    """Heat map and table.

    Args:
        seen: the evaluation.
        compared: what truth and prediction are compared by.
    """
    matrix = seen.of(compared, "Confusion_Matrix")
    chosen = _chosen(matrix)
    hint = _("Blue is right, orange is wrong. Choose a cell to see its images.")
    if len(chosen) < len(matrix):
        hint += " " + _("Shown are the {count} classes with most errors.").format(count=len(chosen))
    table = dmc.Accordion(
        dmc.AccordionItem(
            [
                dmc.AccordionControl(_("As a table")),
                dmc.AccordionPanel(dmc.TableScrollContainer(_table(seen, matrix, chosen), minWidth=320)),
            ],
            value="table",
        ),
        variant="default",
        mt="xs",
    )
    return [
        dmc.Text(hint, size="sm", c="dimmed"),
        html.Div(
            charts.chart("evaluate-heatmap", _heatmap(seen, matrix, chosen)),
            role="img",
            **{"aria-label": _("Confusion matrix; the table below has the same numbers")},
        ),
        table,
    ]


def _chosen(matrix: Sequence[Sequence[float]]) -> list[int]:
    every = range(len(matrix))
    if len(matrix) <= _MOST:
        return list(every)
    errors = [sum(matrix[i]) + sum(row[i] for row in matrix) - 2 * matrix[i][i] for i in every]
    return sorted(sorted(every, key=lambda i: -errors[i])[:_MOST])


def _heatmap(seen: Measured, matrix: Sequence[Sequence[float]], chosen: Sequence[int]) -> go.Figure:
    names = [_name(seen, i) for i in chosen]
    colours, texts, hints = [], [], []
    for i in chosen:
        whole = sum(matrix[i]) or 1
        shares = [matrix[i][j] / whole for j in chosen]
        # A root lets rare errors be seen.
        colours.append([math.sqrt(part) * (1 if i == j else -1) for j, part in zip(chosen, shares, strict=True)])
        texts.append(
            [_number(seen, matrix[i][j], part) if part else "" for j, part in zip(chosen, shares, strict=True)]
        )
        hints.append([charts.plain(_told(seen, i, j, matrix[i][j])) for j in chosen])
    ticks: dict[str, Any] = {
        "type": "category",
        "tickvals": list(map(str, chosen)),
        "ticktext": [charts.plain(_short(name)) for name in names],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
    }
    heat = go.Heatmap(
        x=list(map(str, chosen)),
        y=list(map(str, chosen)),
        z=colours,
        zmin=-1,
        zmax=1,
        colorscale=_SCALE,
        showscale=False,
        xgap=2,
        ygap=2,
        text=texts,
        texttemplate="%{text}" if len(chosen) <= _MOST_NAMED else None,
        customdata=hints,
        hovertemplate="%{customdata}<extra></extra>",
    )
    return charts.styled(
        go.Figure(heat),
        height=120 + max(160, min(560, 44 * len(chosen))),
        xaxis={**ticks, "title": {"text": _("Prediction")}, "side": "bottom"},
        yaxis={**ticks, "title": {"text": _("Truth")}, "autorange": "reversed"},
    )


def _table(seen: Measured, matrix: Sequence[Sequence[float]], chosen: Sequence[int]) -> Component:
    head = dmc.TableTr(
        [
            dmc.TableTh(_("Truth"), tableProps={"scope": "col"}),
            *(dmc.TableTh(_name(seen, j), tableProps={"scope": "col"}, ta="right") for j in chosen),
        ]
    )
    rows = [
        dmc.TableTr(
            [
                dmc.TableTh(_name(seen, i), tableProps={"scope": "row"}),
                *(dmc.TableTd(_cell(seen, i, j, matrix[i]), ta="right") for j in chosen),
            ]
        )
        for i in chosen
    ]
    return dmc.Table(
        [dmc.TableCaption(_("Rows: truth. Columns: prediction.")), dmc.TableThead(head), dmc.TableTbody(rows)],
        withTableBorder=True,
        tabularNums=True,
    )


def _cell(seen: Measured, true: int, predicted: int, row: Sequence[float]) -> Component | str:
    count = row[predicted]
    if not count:
        return dmc.Text("0", size="sm", c="dimmed")
    return dmc.Button(
        _number(seen, count, count / (sum(row) or 1)),
        id={"type": "evaluate-cell", "true": true, "predicted": predicted},
        variant="subtle",
        size="compact-sm",
        color="indigo" if true == predicted else "orange",
        **{"aria-label": _told(seen, true, predicted, count)},
    )


def _number(seen: Measured, count: float, share: float) -> str:
    if seen.project_type == "segmentation":
        return f"{share:.0%}" if share >= 0.005 or not share else "<1%"
    return f"{count:,.0f}"


def _told(seen: Measured, true: int, predicted: int, count: float) -> str:
    """A cell in words."""
    values = {"count": f"{count:,.0f}", "true": _name(seen, true), "predicted": _name(seen, predicted)}
    if true == predicted:
        return _("{true}: {count} right").format(**values)
    if seen.labels[true] == BACKGROUND:
        return _("{predicted}: {count} found where there is none").format(**values)
    if seen.labels[predicted] == BACKGROUND:
        return _("{true}: {count} missed").format(**values)
    return _("{true}: {count} taken for {predicted}").format(**values)


def _name(seen: Measured, index: int) -> str:
    label = seen.labels[index]
    return _("nothing") if label == BACKGROUND and label not in seen.classes else label


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("evaluate-matrix", "children"),
        Input("evaluate-compared", "value"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def compare(compared: str, tid: str) -> list[Component]:
        seen = measured(services, tid)
        if seen is None:
            raise PreventUpdate
        return content(seen, compared)

    @site.callback(
        *gallery.FILTER,
        Output("evaluate-picked", "data"),
        Input("evaluate-heatmap", "clickData"),
        Input({"type": "evaluate-cell", "true": ALL, "predicted": ALL}, "n_clicks"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def pick(
        clicked: dict[str, Any] | None, _clicks: list[int | None], tid: str
    ) -> tuple[str, str | None, str | None, dict[str, int]]:
        seen = measured(services, tid)
        if seen is None or not ctx.triggered[0]["value"]:
            raise PreventUpdate
        if isinstance(ctx.triggered_id, dict):
            true, predicted = int(ctx.triggered_id["true"]), int(ctx.triggered_id["predicted"])
        else:
            assert clicked is not None
            point = clicked["points"][0]
            true, predicted = int(point["y"]), int(point["x"])
        return *gallery.chosen(seen, seen.wanted(true, predicted)), {"true": true, "predicted": predicted}
