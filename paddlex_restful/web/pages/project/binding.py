"""The choice of a project's dataset."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash.development.base_component import Component

from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services

_MOST_OFFERED = 1000
_MOST_SHOWN = 50


def choice(services: Services, id: str, project_type: str, did: str, **properties: Any) -> Component:
    """A field in which the dataset of a project is chosen.

    Args:
        services: what the page works on.
        id: of the field.
        project_type: of the project.
        did: id of the dataset that is chosen now; empty for none.
        properties: more of the field's.
    """
    return dmc.Select(
        id=id,
        data=choices(services, project_type),
        value=did or None,
        searchable=True,
        clearable=True,
        limit=_MOST_SHOWN,
        nothingFoundMessage=_("No such dataset"),
        placeholder=_("Choose a dataset"),
        clearButtonProps={"aria-label": _("Take no dataset")},
        **properties,
    )


def choices(services: Services, project_type: str) -> list[dict[str, str]]:
    """The datasets that a project of a type can be bound to, the newest first."""
    found = [dataset for dataset in reversed(services.workspace.datasets()) if dataset.type == project_type]
    return [{"value": dataset.id, "label": f"{dataset.name} ({dataset.id})"} for dataset in found[:_MOST_OFFERED]]
