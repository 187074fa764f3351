"""Bringing images into a dataset: by upload or from a folder of the server; how far that is, and what is wrong."""

from __future__ import annotations

import json
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from paddlex_restful.datasets import source
from paddlex_restful.enums import DatasetStatus, ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence
from paddlex_restful.services import Services, datasets, imports
from paddlex_restful.services.gallery import gallery
from paddlex_restful.web.page import Page
from paddlex_restful.web.pages.dataset import findings
from paddlex_restful.web.pages.dataset.creating import layout_hint
from paddlex_restful.web.pages.dataset.frame import framed
from paddlex_restful.web.parts import folders, frames, looking, notices, work
from paddlex_restful.web.parts.clicks import clicks_only
from paddlex_restful.web.parts.icons import icon

_SECONDS = 1

_FOLDERS = "dataset-folders"

_STAGES = {
    "waiting": lambda: _("The import waits for its turn"),
    "unpacking": lambda: _("The archive is being unpacked"),
    "checking": lambda: _("The images and labels are being checked"),
    "copying": lambda: _("The images are being copied"),
}


def layout(services: Services, did: str) -> Component:
    """Make the page."""
    # Looked at once: what is shown and what it is compared with later must be the same.
    found = imports.latest(services, did)
    going_on = found is not None and found.active
    content = html.Div(
        [
            looking.looking("dataset-import", _SECONDS, disabled=not going_on),
            dcc.Store(id="dataset-import-begun"),
            dcc.Store(id="dataset-import-shown", data=_sight(found)),
            html.Div(_state(services, did, found), id="dataset-import-state"),
            html.Div(_ways(services, did), id="dataset-import-ways", hidden=going_on),
        ]
    )
    return framed(services, did, "import", content)


def _sight(found: imports.Import | None) -> list[Any]:
    """What the state shows, to be compared; an import that ends as the one before it is still another.

    First what is the same as long as the import goes on, then its progress.
    """
    return [] if found is None else [[found.job, found.active], [found.stage, found.percent, found.message]]


def _state(services: Services, did: str, found: imports.Import | None) -> Component | None:
    if found is None:
        return None
    if not found.active:
        return findings.shown(services, did, found.message) if found.message else None
    return frames.panel(work.going_on("dataset-import", _progress(found)), maw=760)


def _progress(found: imports.Import) -> work.Progress:
    known = found.percent is not None
    bar = dmc.Progress(
        value=found.percent if found.percent is not None else 100,
        striped=not known,
        animated=not known,
        size="lg",
        **{"aria-label": _STAGES[found.stage]()},
    )
    percent = [dmc.Text(f"{found.percent:.0f} %", className="figure")] if found.percent is not None else []
    return [
        dmc.Group([dmc.Text(_STAGES[found.stage](), fw=600), *percent], justify="space-between", mb="xs"),
        bar,
        *([dmc.Text(sentence(found.message), size="sm", c="dimmed", mt="xs")] if found.message else []),
    ]


def _ways(services: Services, did: str) -> Component:
    dataset = services.workspace.dataset(did)
    holds = datasets.has_images(services, dataset)
    split = datasets.get(services, did)["dataset_status"] == DatasetStatus.XSPLITED
    return dmc.Stack(
        [
            html.Div(_replacing(services, did, split), hidden=not holds),
            dmc.SimpleGrid(
                [_upload(services, did, adds=not split), _folder(services)], cols={"base": 1, "md": 2}, mt="xs"
            ),
            frames.panel(layout_hint(dataset.type), title=_("How the folder lies")),
        ]
    )


def _replacing(services: Services, did: str, split: bool) -> Component:
    count = f"{datasets.image_count(services, did):,}"
    told = _("The dataset has {count} images already. An archive or a folder takes their place.").format(count=count)
    more = _("It is split, so that single images are no longer taken.") if split else _("Single images are added.")
    box = dmc.Checkbox(
        id="dataset-import-replace",
        label=_("Replace the {count} images").format(count=count),
        checked=not datasets.has_images(services, services.workspace.dataset(did)),
        mt="xs",
    )
    return dmc.Alert([*(dmc.Text(text, size="sm") for text in (told, more)), box], color="yellow", icon=icon("alert"))


def _replace_first() -> str:
    return _("This would replace the images that are there: tick the box above if that is wanted.")


def _upload(services: Services, did: str, *, adds: bool) -> Component:
    dataset = services.workspace.dataset(did)
    classified = dataset.type == ProjectType.CLASSIFICATION
    texts = {
        "uploading": _("{name}: {sent} of {size}"),
        "resuming": _("The connection broke off; it is tried again …"),
        "broken": _("The connection broke off. Choose the same file again: the upload goes on where it stopped."),
        "starting": _("The import begins …"),
        "replace": _replace_first(),
        "label": _("Say which class the images are of."),
        "nothing": _("There is no archive, image or label in that."),
        "mixed": _("Choose one archive, or images: not both, and not two archives."),
    }
    archives = _("Drop a folder, a zip or tar archive of it here")
    images = _("Drop a folder, a zip or tar archive of it, or images here")
    known = gallery(services, did).labels if classified and datasets.has_images(services, dataset) else []
    label = dmc.Autocomplete(
        id="dataset-upload-label",
        label=_("Class of single images"),
        description=_("Not needed for a folder or an archive: there the folders are the classes."),
        data=known,
        limit=20,
        value="",
    )
    zone = html.Div(
        [
            icon("upload"),
            dmc.Text(images if adds else archives, fw=600, ta="center"),
            dmc.Group(
                [
                    dmc.Button(_("Choose files"), id="dataset-upload-files", variant="light", size="xs"),
                    dmc.Button(_("Choose a folder"), id="dataset-upload-folder", variant="light", size="xs"),
                ],
                justify="center",
                gap="xs",
            ),
        ],
        id="dataset-upload-zone",
        className="drop-zone",
        **{
            "data-did": did,
            "data-classified": "yes" if classified else "",
            "data-images": " ".join(sorted(source.IMAGE_SUFFIXES)),
            "data-texts": json.dumps(texts),
        },
    )
    going = dmc.Stack(
        [
            dmc.Text(id="dataset-upload-text", size="sm", className="figure anywhere"),
            dmc.Progress(id="dataset-upload-bar", value=0, size="lg", **{"aria-label": _("Upload")}),
            dmc.Group([dmc.Button(_("Cancel the upload"), id="dataset-upload-cancel", variant="default", size="xs")]),
        ],
        gap="xs",
    )
    return frames.panel(
        dmc.Stack(
            [
                zone,
                html.Div(going, id="dataset-upload-going", hidden=True),
                html.Div(id="dataset-upload-problem", className="problem", role="alert"),
                *([label] if classified and adds else []),
            ],
            gap="sm",
        ),
        title=_("From this computer"),
    )


def _folder(services: Services) -> Component:
    return frames.panel(
        dmc.Stack(
            [
                folders.folder_chooser(services, _FOLDERS),
                html.Div(id="dataset-folder-problem"),
                dmc.Group([dmc.Button(_("Import this folder"), id="dataset-folder-import")]),
            ],
            gap="sm",
        ),
        title=_("From a folder of the server"),
    )


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks."""
    looking.register(site, "dataset-import")
    folders.register(site, services, _FOLDERS)
    for button, kind in (("files", "chooseFiles"), ("folder", "chooseFolder"), ("cancel", "cancel")):
        site.clientside_callback(
            ClientsideFunction("upload", kind), Input(f"dataset-upload-{button}", "n_clicks"), prevent_initial_call=True
        )

    @site.callback(
        Output("dataset-import-state", "children"),
        Output("dataset-import-shown", "data"),
        Output("dataset-import-ways", "hidden"),
        Output("dataset-import-tick", "disabled"),
        Output("address", "href", allow_duplicate=True),
        Input("dataset-import-look", "data"),
        Input("dataset-import-begun", "data"),
        State("dataset-import-shown", "data"),
        State("dataset-did", "data"),
        prevent_initial_call=True,
    )
    def look(_count: int, _begun: Any, shown: list[Any], did: str) -> tuple[Any, ...]:
        found = imports.latest(services, did)
        sight = _sight(found)
        if sight == shown:
            return (no_update,) * 5
        going_on = found is not None and found.active
        if found is not None and found.active and sight[:1] == shown[:1]:
            work.tell("dataset-import", _progress(found))
            return no_update, sight, no_update, no_update, no_update
        done = not going_on and imports.succeeded(services, did)
        href = f"/datasets/{did}" if done else no_update
        return _state(services, did, found), sight, going_on, not going_on, href

    @site.callback(
        Output("dataset-folder-problem", "children"),
        Output("dataset-import-begun", "data"),
        Input("dataset-folder-import", "n_clicks"),
        State(f"{_FOLDERS}-path", "value"),
        State("dataset-import-replace", "checked"),
        State("dataset-did", "data"),
        prevent_initial_call=True,
        running=[(Output("dataset-folder-import", "loading"), True, False)],
    )
    def begin(clicks: int | None, path: str, replace: bool, did: str) -> tuple[Any, Any]:
        clicks_only(clicks)
        if not replace:
            return notices.problem(_replace_first()), no_update
        try:
            job = datasets.import_folder(services, did, path.strip())
        except UserError as error:
            return notices.problem(notices.words(error)), no_update
        return None, job.id

    @site.callback(
        Output("dataset-import-stop", "loading"),
        Input("dataset-import-stop", "n_clicks"),
        State("dataset-did", "data"),
        prevent_initial_call=True,
    )
    def stop(clicks: int | None, did: str) -> bool:
        clicks_only(clicks)
        imports.stop(services, did)
        return False


PAGE = Page(
    addresses=("/datasets/<did>/import",),
    title=lambda: _("Import"),
    layout=layout,
    register=register,
    section="datasets",
)
