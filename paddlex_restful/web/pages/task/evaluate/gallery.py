"""The images of an evaluation, the worst first: what is true beside what the model answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.metrics.errors import CONFUSION, FALSE_POSITIVE, MISS, RIGHT, Wanted
from paddlex_restful.services import Services, findings
from paddlex_restful.web.findings import LARGE, error_address
from paddlex_restful.web.pages.task.evaluate.measured import Measured, measured
from paddlex_restful.web.parts import figures, frames, notices

_IMAGES = 12
"""Of a page."""

_TOLD = 3
"""Errors that are told below an image; of more it is told how many there are."""

_ANY = "errors"

FILTER = (
    Output("evaluate-kind", "value"),
    Output("evaluate-true", "value"),
    Output("evaluate-predicted", "value"),
)
"""What chooses the images that are shown."""


def chosen(seen: Measured, wanted: Wanted) -> tuple[str, str | None, str | None]:
    """The values of ``FILTER`` that show certain images.

    Args:
        seen: the evaluation.
        wanted: the images.
    """
    any_error = wanted.kind is None or (wanted.kind == CONFUSION and seen.project_type == "classification")
    return _ANY if any_error else str(wanted.kind), wanted.category, wanted.predicted


def panel(services: Services, seen: Measured) -> Component:
    """The panel.

    Args:
        services: what the page works on.
        seen: the evaluation.
    """
    kinds = [
        {"value": _ANY, "label": _("All errors")},
        {"value": CONFUSION, "label": _("Taken for another class")},
        {"value": MISS, "label": _("Missed")},
        {"value": FALSE_POSITIVE, "label": _("False alarms")},
        {"value": RIGHT, "label": _("What is right")},
    ]
    if seen.project_type == "classification":
        kinds = [kind for kind in kinds if kind["value"] in (_ANY, RIGHT)]
    choices = dmc.Group(
        [
            dmc.Select(id="evaluate-kind", label=_("Show"), data=kinds, value=_ANY, allowDeselect=False, w=220),
            *(
                dmc.Select(
                    id=f"evaluate-{name}",
                    label=label,
                    data=seen.classes,
                    clearable=True,
                    searchable=True,
                    limit=100,
                    placeholder=_("Any class"),
                    w=200,
                )
                for name, label in (("true", _("Truth")), ("predicted", _("Prediction")))
            ),
        ],
        mb="md",
    )
    shown, pictures, pages = _page(services, seen, Wanted(), 1)
    return html.Section(
        frames.panel(
            choices,
            html.Div(shown, id="evaluate-images", **{"aria-live": "polite"}),
            dmc.Pagination(
                id="evaluate-page", total=pages, value=1, mt="md", size="sm", display=None if pages > 1 else "none"
            ),
            dmc.Modal(
                html.Img(id="evaluate-large", className="whole-picture"),
                id="evaluate-enlarged",
                opened=False,
                size="xl",
                title=html.Span(id="evaluate-large-name", className="anywhere"),
                closeButtonProps={"aria-label": _("Close")},
            ),
            dcc.Store(id="evaluate-pictures", data=pictures),
            dcc.Store(id="evaluate-picked"),
            title=_("Images"),
        ),
        id="evaluate-gallery",
        tabIndex="-1",
        className="landing",
        **{"aria-label": _("Images of the evaluation")},
    )


def _page(
    services: Services, seen: Measured, wanted: Wanted, page: int
) -> tuple[list[Component], list[dict[str, str]], int]:
    """A page of images, what the browser needs to enlarge them, and how many pages there are."""
    try:
        found = findings.list_errors(services, seen.tid, (page - 1) * _IMAGES, _IMAGES, wanted)
    except UserError as error:
        return [notices.problem(notices.words(error))], [], 1
    if not found["total"]:
        words = _("No errors: the model was right everywhere") if wanted == Wanted() else _("No such images")
        return [frames.nothing(words)], [], 1
    pictures = [
        {
            "address": error_address(seen.tid, entry["image"], seen.version, LARGE // 2),
            "name": entry["image"],
            "alt": _alternative(entry["image"]),
        }
        for entry in found["errors"]
    ]
    head = dmc.Text(
        _("{count} of {total} images").format(count=f"{found['total']:,}", total=f"{found['images']:,}"),
        size="sm",
        c="dimmed",
        mb="xs",
    )
    cards = [_card(seen, entry, index) for index, entry in enumerate(found["errors"])]
    grid = dmc.SimpleGrid(cards, cols={"base": 1, "sm": 2, "lg": 3, "xl": 4})
    return [head, grid], pictures, -(-found["total"] // _IMAGES)


def _alternative(image: str) -> str:
    return _("Truth and prediction of {image}").format(image=image)


def _card(seen: Measured, entry: Mapping[str, Any], index: int) -> Component:
    picture = html.Button(
        html.Img(src=error_address(seen.tid, entry["image"], seen.version), alt=_alternative(entry["image"])),
        id={"type": "evaluate-open", "index": index},
        className="picture-button",
        title=_("Enlarge"),
    )
    told = [dmc.Text(line, size="sm") for line in _errors(entry)]
    name = dmc.Text(entry["image"], size="xs", c="dimmed", className="anywhere")
    return dmc.Paper([picture, dmc.Box([*told, name], p="xs")], withBorder=True, className="compared")


def _errors(entry: Mapping[str, Any]) -> list[str]:
    """The errors of an image in words, the most frequent first, or that it has none."""
    pixels: Counter[str] = Counter()
    scores: dict[str, list[float | None]] = {}
    for item in entry["items"]:
        words = _error(item)
        pixels[words] += item.get("pixels", 0)
        scores.setdefault(words, []).append(item.get("score"))
    most = sorted(scores.items(), key=lambda pair: -len(pair[1]))
    told = most if len(most) <= _TOLD else most[: _TOLD - 1]
    lines = [_line(words, pixels[words], found) for words, found in told]
    if rest := sum(len(found) for _words, found in most[len(told) :]):
        lines.append(_("and {count} more errors").format(count=rest))
    return lines or [_("Right")]


def _line(words: str, pixels: int, scores: list[float | None]) -> str:
    """Errors of one kind: how many there are, or the score of the only one."""
    if pixels:
        return _("{error}: {count} pixels").format(error=words, count=f"{pixels:,}")
    if len(scores) > 1:
        return f"{words} × {len(scores)}"
    return words if scores[0] is None else f"{words} ({figures.share(scores[0])})"


def _error(item: Mapping[str, Any]) -> str:
    if item["kind"] == MISS:
        return _("{true} missed").format(true=item["category"])
    if item["kind"] == FALSE_POSITIVE:
        return _("{predicted} found where there is none").format(predicted=item["predicted"])
    return _("{true} taken for {predicted}").format(true=item["category"], predicted=item["predicted"])


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""

    @site.callback(
        Output("evaluate-images", "children"),
        Output("evaluate-pictures", "data"),
        Output("evaluate-page", "total"),
        Output("evaluate-page", "value"),
        Output("evaluate-page", "display"),
        Input("evaluate-kind", "value"),
        Input("evaluate-true", "value"),
        Input("evaluate-predicted", "value"),
        Input("evaluate-page", "value"),
        State("task-tid", "data"),
        prevent_initial_call=True,
    )
    def show(kind: str, true: str | None, predicted: str | None, page: int, tid: str) -> tuple[Any, ...]:
        seen = measured(services, tid)
        if seen is None or ctx.triggered_id is None:
            raise PreventUpdate
        wanted = Wanted(None if kind == _ANY else kind, true or None, predicted or None)
        page = page if ctx.triggered_id == "evaluate-page" else 1
        shown, pictures, pages = _page(services, seen, wanted, page)
        return shown, pictures, pages, page, None if pages > 1 else "none"

    site.clientside_callback(
        ClientsideFunction("evaluate", "showPicked"),
        Input("evaluate-picked", "data"),
        prevent_initial_call=True,
    )
    site.clientside_callback(
        ClientsideFunction("evaluate", "enlarge"),
        Output("evaluate-enlarged", "opened"),
        Output("evaluate-large-name", "children"),
        Output("evaluate-large", "src"),
        Output("evaluate-large", "alt"),
        Input({"type": "evaluate-open", "index": ALL}, "n_clicks"),
        State("evaluate-pictures", "data"),
        prevent_initial_call=True,
    )
