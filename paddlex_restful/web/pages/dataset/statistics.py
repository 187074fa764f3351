"""What the images and labels of a dataset are like."""

from __future__ import annotations

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from paddlex_restful.datasets.figures import Figures, concerns
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services, datasets
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.dataset.frame import framed, without_images
from paddlex_restful.web.pages.dataset.images import part_words
from paddlex_restful.web.parts import charts, frames, notices
from paddlex_restful.web.parts.icons import icon

_CLASSES = 60
"""Classes that are drawn, those with the most images."""

_POINTS = 2000
"""Boxes and sizes that are drawn; of more, evenly chosen ones."""

_ROW = 24
"""Pixels of a class."""


def layout(services: Services, did: str) -> Component:
    """Make the page; the figures come when they have been counted."""
    waiting = dmc.Center(
        dmc.Stack(
            [dmc.Loader(), dmc.Text(_("The images and labels are being counted …"), size="sm", c="dimmed")],
            align="center",
        ),
        p="xl",
    )
    content = html.Div([dcc.Store(id="dataset-figures-ask"), html.Div(waiting, id="dataset-figures")])
    return framed(services, did, "statistics", without_images(services, did) or content)


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("dataset-figures", "children"), Input("dataset-figures-ask", "data"), State("dataset-did", "data")
    )
    def count(_asked: None, did: str) -> Component:
        try:
            return _shown(datasets.figures(services, did))
        except UserError as error:
            return notices.problem(notices.words(error))


def _shown(found: Figures) -> Component:
    images = sum(found.sizes.values())
    numbers = [
        frames.figure(_("Images"), f"{images:,}"),
        frames.figure(_("Classes"), f"{len(found.images):,}"),
    ]
    if found.objects:
        numbers += [
            frames.figure(_("Objects"), f"{len(found.boxes):,}"),
            frames.figure(_("Objects an image"), f"{len(found.boxes) / images:.1f}"),
        ]
    if found.objects or found.empty:
        numbers.append(frames.figure(_("Images without objects"), f"{found.empty:,}"))
    panels = [_classes(found)]
    if len(found.boxes):
        panels.append(_boxes(found))
    if len(found.sizes) > 1:
        panels.append(_sizes(found))
    else:
        ((width, height),) = found.sizes
        numbers.append(frames.figure(_("Pixels of each image"), f"{width} × {height}"))
    grid = dmc.SimpleGrid(panels, cols={"base": 1, "lg": 2 if len(panels) > 1 else 1}, style={"alignItems": "start"})
    return dmc.Stack([dmc.Group(numbers, gap="sm"), *_told(found), grid])


def _told(found: Figures) -> list[Component]:
    sentences = [sentence(text) for text in concerns(found)]
    if not sentences:
        return []
    lines = dmc.List([dmc.ListItem(text, className="anywhere") for text in sentences], size="sm", spacing=4)
    return [dmc.Alert(lines, title=_("Worth a look before training"), color="yellow", icon=icon("alert"))]


def _classes(found: Figures) -> Component:
    shown = sorted(found.images, key=lambda label: found.images[label], reverse=True)[:_CLASSES]
    names = [charts.plain(label if len(label) < 32 else f"{label[:30]}…") for label in shown]
    figure = go.Figure()
    if found.parts:
        for part in ("train", "val", "test"):
            counts = [found.parts[label].get(part, 0) for label in shown]
            if any(counts):
                figure.add_bar(y=list(range(len(shown))), x=counts, name=part_words(part), orientation="h")
    else:
        figure.add_bar(y=list(range(len(shown))), x=[found.images[label] for label in shown], orientation="h", name="")
    ticks = {"tickmode": "array", "tickvals": list(range(len(shown))), "ticktext": names, "autorange": "reversed"}
    charts.styled(figure, height=max(180, _ROW * len(shown) + 80), barmode="stack", showlegend=bool(found.parts))
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(**ticks).update_xaxes(title=_("images"))
    told = ", ".join(f"{label}: {found.images[label]:,}" for label in shown[:20])
    hint = _("The {shown} most frequent of {all} classes.").format(shown=len(shown), all=len(found.images))
    return frames.panel(
        *([dmc.Text(hint, size="xs", c="dimmed")] if len(shown) < len(found.images) else []),
        html.Div(charts.chart("dataset-classes", figure), role="img", **{"aria-label": told}),
        title=_("Images of each class"),
    )


def _sizes(found: Figures) -> Component:
    sizes = list(found.sizes.items())[:_POINTS]
    largest = max(count for _size, count in sizes)
    figure = go.Figure(
        go.Scatter(
            x=[width for (width, _height), _count in sizes],
            y=[height for (_width, height), _count in sizes],
            mode="markers",
            marker={"size": [6 + 18 * (count / largest) ** 0.5 for _size, count in sizes], "opacity": 0.6},
            text=[_("{count} images").format(count=f"{count:,}") for _size, count in sizes],
            hovertemplate="%{x} × %{y}: %{text}<extra></extra>",
        )
    )
    charts.styled(figure)
    figure.update_xaxes(title=_("width in pixels"), rangemode="tozero")
    figure.update_yaxes(title=_("height in pixels"), rangemode="tozero")
    (width, height), count = sizes[0]
    told = _("{sizes} sizes; the most frequent is {width} × {height} pixels, that of {count} images.").format(
        sizes=f"{len(found.sizes):,}", width=width, height=height, count=f"{count:,}"
    )
    return frames.panel(
        dmc.Text(told, size="sm", c="dimmed"),
        html.Div(charts.chart("dataset-sizes", figure), role="img", **{"aria-label": told}),
        title=_("Sizes of the images"),
    )


def _boxes(found: Figures) -> Component:
    step = max(1, -(-len(found.boxes) // _POINTS))
    boxes, classes = found.boxes[::step], found.classes[::step]
    figure = go.Figure()
    labels = list(found.objects)
    frequent = sorted(range(len(labels)), key=lambda index: found.objects[labels[index]], reverse=True)
    for index in frequent[: len(charts.COLOURS)]:
        chosen = boxes[classes == index]
        if len(chosen):
            figure.add_scatter(
                x=chosen[:, 0].round(1).tolist(),
                y=chosen[:, 1].round(1).tolist(),
                mode="markers",
                marker={"size": 5, "opacity": 0.5},
                name=charts.plain(labels[index]),
                hovertemplate="%{x:.0f} × %{y:.0f}",
            )
    charts.styled(figure, height=360, showlegend=True)
    figure.update_xaxes(title=_("width in pixels"), rangemode="tozero")
    figure.update_yaxes(title=_("height in pixels"), rangemode="tozero")
    sides = found.boxes.max(axis=1)
    told = _("Half of the boxes are longer than {middle} pixels; the smallest has {least}, the largest {most}.").format(
        middle=f"{sorted(sides)[len(sides) // 2]:.0f}", least=f"{sides.min():.0f}", most=f"{sides.max():.0f}"
    )
    return frames.panel(
        dmc.Text(told, size="sm", c="dimmed"),
        html.Div(charts.chart("dataset-boxes", figure), role="img", **{"aria-label": told}),
        title=_("Sizes of the boxes"),
    )


PAGE = Page(
    addresses=("/datasets/<did>/statistics",),
    title=lambda: _("Statistics"),
    layout=layout,
    register=register,
    section="datasets",
)
