"""What an evaluation found: its figures, and the panels that say more."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, evaluation
from paddlex_restful.web import findings
from paddlex_restful.web.pages.task.evaluate import classes, curves, gallery, matrix
from paddlex_restful.web.pages.task.evaluate.measured import Measured, measured
from paddlex_restful.web.parts import figures, frames
from paddlex_restful.web.parts.icons import icon


def result(services: Services, tid: str) -> Component | None:
    """The result of the newest evaluation, or what stands in its place; None while it runs.

    Args:
        services: what the page works on.
        tid: the task.
    """
    if evaluation.running(services, tid) is not None:
        return None
    seen = measured(services, tid)
    if seen is None:
        hint = _(
            "Start the evaluation above: it tells how often the model is right, and shows the images where it fails."
        )
        return frames.panel(frames.nothing(_("This model has not been evaluated yet"), hint=hint))
    return dmc.Stack(
        [
            _heading(seen),
            dmc.SimpleGrid([_card(*figure) for figure in seen.figures()], cols={"base": 2, "md": 4}),
            _compared(seen),
            dmc.SimpleGrid(
                [matrix.panel(seen), classes.panel(seen)],
                cols={"base": 1, "lg": 2},
            ),
            *([curves.panel(seen)] if seen.curves else []),
            gallery.panel(services, seen),
        ]
    )


def _heading(seen: Measured) -> Component:
    epoch, split = seen.result["checkpoint_epoch"], seen.result["split"]
    words = (
        _("Epoch {epoch}, measured on the {count} test images")
        if split == "test"
        else _("Epoch {epoch}, measured on the {count} validation images")
    )
    report = html.A(
        dmc.Button(_("Excel report"), leftSection=icon("download"), variant="default", tabIndex=-1),
        href=findings.report_address(seen.tid),
        download=f"{seen.tid}.xlsx",
        className="plain-link",
    )
    text = dmc.Text(words.format(epoch=epoch, count=seen.images), c="dimmed", size="sm")
    return dmc.Group([text, report], justify="space-between")


def _card(name: str, value: float | None, meaning: str) -> Component:
    return dmc.Paper(
        [
            dmc.Text(name, size="sm", c="dimmed"),
            dmc.Text(figures.share(value), size="xl", fw=600, className="figure"),
            dmc.Text(meaning, size="xs", c="dimmed"),
        ],
        withBorder=True,
        p="md",
    )


def _compared(seen: Measured) -> Component:
    """The choice between masks and boxes; hidden where there is none, because the panels read it in any case."""
    words = {"masks": _("Masks"), "boxes": _("Boxes"), "images": _("Images"), "pixels": _("Pixels")}
    return dmc.SegmentedControl(
        id="evaluate-compared",
        data=[{"value": compared, "label": words[compared]} for compared in seen.compared],
        value=seen.compared[0],
        display="none" if len(seen.compared) == 1 else None,
        w="fit-content",
        **{"aria-label": _("What is compared")},
    )
