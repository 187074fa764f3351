"""Charts: plotly figures in the page's own style, on light and dark."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go
from dash import dcc

# Greys that can be read on white and on black, because the browser alone knows which of them the page has.
_INK = "#868e96"
_LINES = "rgba(134, 142, 150, 0.25)"

COLOURS = ("#4263eb", "#f76707", "#12b886", "#e64980", "#7950f2", "#fab005", "#15aabf", "#82c91e", "#fa5252", "#868e96")
"""Of the series of a chart, in their order."""


def plain(text: object) -> str:
    """Text for a chart: plotly takes some tags and entities for markup, so a name from outside must pass here."""
    return html.escape(str(text), quote=False)


def styled(figure: go.Figure, *, height: int = 280, **layout: Any) -> go.Figure:
    """Give a figure the page's style.

    Args:
        figure: is changed.
        height: in pixels.
        layout: of plotly's, on top of it.
    """
    axes = {"gridcolor": _LINES, "zerolinecolor": _LINES, "linecolor": _LINES, "automargin": True}
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12, "color": _INK},
        colorway=COLOURS,
        hoverlabel={"namelength": -1},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis=axes,
        yaxis=axes,
    )
    return figure.update_layout(**layout)


def chart(id: str | dict[str, Any], figure: go.Figure, **properties: Any) -> dcc.Graph:
    """A figure in the page.

    Args:
        id: of the component.
        figure: made by ``styled``.
        properties: more of the component's.
    """
    config = {"displaylogo": False, "displayModeBar": False, "responsive": True}
    # A responsive chart is as high as its component says, not its figure.
    style = {"height": figure.layout.height}
    return dcc.Graph(id=id, figure=figure, config=config, responsive=True, style=style, **properties)
