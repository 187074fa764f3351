"""What the check of an import found wrong, file by file, with the picture and the remedy."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from paddlex_restful.datasets.findings import BadFileFound
from paddlex_restful.language import clause, sentence
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, imports
from paddlex_restful.web import images
from paddlex_restful.web.parts import notices
from paddlex_restful.web.parts.icons import icon


def shown(services: Services, did: str, message: str) -> Component:
    """Why the newest import of a dataset failed.

    Args:
        services: what the page works on.
        did: the dataset.
        message: of the import.
    """
    found = imports.bad_files(services, did)
    if found is None:
        return notices.problem(sentence(message), _("The images were not imported"))
    rows = [_row(did, number, one) for number, one in enumerate(found.files)]
    title = (
        _("The check found a bad file")
        if found.total == 1
        else _("The check found {count} bad files").format(count=f"{found.total:,}")
    )
    remedy = [_("Nothing was imported. Correct or remove these files, then import again.")]
    if found.total > len(found.files):
        remedy.append(_("These are the first {count} of them.").format(count=len(found.files)))
    return dmc.Stack(
        [
            dmc.Alert(
                [html.Div(text) for text in remedy], title=title, color="red", variant="light", icon=icon("alert")
            ),
            html.Ul(rows, className="findings", **{"aria-label": _("Bad files")}),
        ],
        gap="sm",
        mb="lg",
    )


def _row(did: str, number: int, one: BadFileFound) -> Component:
    picture = html.Img(src=images.finding(did, number), alt="") if one.pictured else icon("file")
    return html.Li(
        [
            html.Div(picture, className="finding-picture"),
            html.Div(
                [
                    dmc.Text(one.file if one.file != "." else _("The folder"), fw=600, size="sm", className="anywhere"),
                    *(dmc.Text(clause(text), size="sm", className="anywhere") for text in one.problems),
                ]
            ),
        ]
    )
