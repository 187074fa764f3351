"""Choosing a folder of the server, as far as its clients may have it read."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, ctx, html, no_update
from dash.development.base_component import Component

from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services, folders
from paddlex_restful.web.parts import notices
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_SHOWN = 200
"""Folders that are listed; whoever looks for another one writes its path."""


def folder_chooser(services: Services, id: str) -> Component:
    """A field for the path of a folder, and a list to go through; the chosen path is the ``value`` of ``<id>-path``.

    Args:
        services: what the page works on.
        id: of the part; ids below it begin with it.
    """
    return dmc.Stack(
        [
            dmc.TextInput(
                id=f"{id}-path",
                label=_("Folder of the server"),
                placeholder="/data/images",
                value="",
                debounce=True,
                spellCheck=False,
                leftSection=icon("folder"),
            ),
            html.Div(_listed(id, folders.look(services)), id=f"{id}-list"),
        ],
        gap="xs",
    )


def register(site: Dash, services: Services, id: str) -> None:
    """Declare what leads from folder to folder."""

    @site.callback(
        Output(f"{id}-list", "children"),
        Output(f"{id}-path", "value"),
        Input({"part": id, "folder": ALL}, "n_clicks"),
        Input(f"{id}-path", "value"),
        prevent_initial_call=True,
    )
    def go(_clicks: list[int | None], typed: str) -> tuple[Any, Any]:
        trigger = ctx.triggered_id
        if isinstance(trigger, str):
            path = typed.strip()
        else:
            clicks_only(ctx.triggered[0]["value"])
            path = trigger["folder"]
        try:
            found = folders.look(services, path or None)
        except UserError as error:
            return notices.problem(notices.words(error)), no_update
        return _listed(id, found), found.path or ""


def _listed(id: str, found: folders.Folder) -> Component:
    rows: list[Component] = []
    if found.path is not None:
        rows.append(_row(id, found.parent or "", _("One folder up"), "back"))
    rows += [_row(id, path, name, "folder") for name, path in found.folders[:_SHOWN]]
    if not found.folders and found.path is None:
        return dmc.Text(
            _("This server reads no folders; it does when it is started with --data_dir."), size="sm", c="dimmed"
        )
    told = []
    if found.path is not None:
        told.append(
            _("{folders} folders, {images} images directly in it").format(
                folders=len(found.folders), images=found.images
            )
        )
    if found.cut or len(found.folders) > _SHOWN:
        told.append(_("Not all of them are listed: write the path of another one into the field."))
    return dmc.Stack(
        [
            dmc.ScrollAreaAutosize(
                html.Ul(rows, className="folders", **{"aria-label": _("Folders")}), mah=280, type="auto"
            ),
            dmc.Text(". ".join(told), size="xs", c="dimmed"),
        ],
        gap=4,
    )


def _row(id: str, path: str, name: str, symbol: str) -> Component:
    button = html.Button(
        [icon(symbol), html.Span(name, className="anywhere")], id={"part": id, "folder": path}, type="button"
    )
    return html.Li(button)
