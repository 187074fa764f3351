"""The figures of each class, in a table that a click on a head sorts."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services
from paddlex_restful.web.pages.task.evaluate.measured import Column, Measured, measured
from paddlex_restful.web.parts import figures, frames

_ROWS = 20
"""Of a page of the table."""

_NAME = Column("name", lambda: _("Class"), lambda: _("Its name"), share=False)

_FIRST_ORDER = {"by": "name", "falling": False}


def panel(seen: Measured) -> Component:
    """The panel.

    Args:
        seen: the evaluation.
    """
    pages = -(-len(seen.classes) // _ROWS)
    return frames.panel(
        dmc.Text(_("Choose a head to sort by it, to see the weakest classes first."), size="sm", c="dimmed", mb="xs"),
        dmc.TableScrollContainer(
            html.Div(_table(seen, seen.compared[0], _FIRST_ORDER, 1), id="evaluate-classes"), minWidth=420
        ),
        dmc.Pagination(
            id="evaluate-classes-page", total=pages, value=1, size="sm", mt="sm", display=None if pages > 1 else "none"
        ),
        dcc.Store(id="evaluate-order", data=_FIRST_ORDER),
        title=_("Each class"),
    )


def _table(seen: Measured, compared: str, order: dict[str, Any], page: int) -> Component:
    columns = (_NAME, *seen.columns)
    rows = _sorted(seen.rows(compared), **order)[(page - 1) * _ROWS : page * _ROWS]
    return dmc.Table(
        [
            dmc.TableThead(dmc.TableTr([_head(column, order) for column in columns])),
            dmc.TableTbody([dmc.TableTr([_cell(column, row[column.key]) for column in columns]) for row in rows]),
        ],
        highlightOnHover=True,
        tabularNums=True,
    )


def _sorted(rows: list[dict[str, Any]], by: str, falling: bool) -> list[dict[str, Any]]:
    """Rows in an order, those without the figure at the end."""
    known = sorted((row for row in rows if row[by] is not None), key=lambda row: row[by], reverse=falling)
    return known + [row for row in rows if row[by] is None]


def _head(column: Column, order: dict[str, Any]) -> Component:
    here = order["by"] == column.key
    told = ("descending" if order["falling"] else "ascending") if here else "none"
    button = html.Button(
        column.words(), id={"type": "evaluate-sort", "by": column.key}, className=f"sort sort-{told}", type="button"
    )
    return html.Th(
        dmc.Tooltip(button, label=column.meaning(), multiline=True, maw=260),
        scope="col",
        className="head" if column is _NAME else "head number",
        **{"aria-sort": told},
    )


def _cell(column: Column, value: Any) -> Component:
    if column is _NAME:
        return dmc.TableTd(value, className="name")
    text = figures.share(value) if column.share else f"{value:,}"
    return dmc.TableTd(text, className="number")


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("evaluate-classes", "children"),
        Output("evaluate-order", "data"),
        Output("evaluate-classes-page", "value"),
        Input({"type": "evaluate-sort", "by": ALL}, "n_clicks"),
        Input("evaluate-classes-page", "value"),
        Input("evaluate-compared", "value"),
        State("evaluate-order", "data"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def show(
        _clicks: list[int | None], page: int, compared: str, order: dict[str, Any], tid: str
    ) -> tuple[Component, dict[str, Any], int]:
        seen = measured(services, tid)
        if seen is None or ctx.triggered_id is None:
            raise PreventUpdate
        if isinstance(ctx.triggered_id, dict):
            if not ctx.triggered[0]["value"]:
                raise PreventUpdate
            by = ctx.triggered_id["by"]
            order = {"by": by, "falling": order["by"] == by and not order["falling"]}
            page = 1
        return _table(seen, compared, order, page), order, page
