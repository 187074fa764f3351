"""Attributes of datasets, projects and tasks, read and changed by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paddlex_restful.errors import UserError
from paddlex_restful.messages import attributes as sentences
from paddlex_restful.services import Services, projects
from paddlex_restful.workspace import workspace_pb2 as pb

NAME_LENGTH = 256
DESC_LENGTH = 4096
"""Characters that a name and a description may have at most, when an entry is made and when it is changed."""

_Entry = pb.Dataset | pb.Project | pb.Task

_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "dataset": ("id", "name", "desc", "type", "path", "create_time"),
    "project": ("id", "name", "desc", "type", "did", "path", "create_time"),
    "task": ("id", "name", "desc", "pid", "path", "create_time", "parent_id"),
}
_CHANGEABLE: dict[str, tuple[str, ...]] = {
    "dataset": ("name", "desc"),
    "project": ("name", "desc", "did"),
    "task": ("name", "desc"),
}


_LENGTHS = {"name": NAME_LENGTH, "desc": DESC_LENGTH}


def look_up(
    services: Services, struct: str | None, entry_id: str | None, names: Sequence[str] | None
) -> dict[str, Any]:
    """The folder of the workspace, or attributes of the entry that is named.

    Args:
        services: of the server.
        struct: dataset, project or task; None with ``entry_id`` for the folder.
        entry_id: id of the entry.
        names: attributes to read.

    Raises:
        UserError: only one of struct and id is given, or there is no such entry or attribute.
    """
    if struct is None and entry_id is None:
        return {"dirname": str(services.workspace.root)}
    if struct is None or entry_id is None:
        raise UserError(sentences.STRUCT_AND_ID)
    return {"attr": get(services, struct, entry_id, names)}


def get(services: Services, struct: str, entry_id: str, names: Sequence[str] | None) -> dict[str, Any]:
    """The asked attributes of an entry; all of them if none are named.

    Args:
        services: of the server.
        struct: dataset, project or task.
        entry_id: id of the entry.
        names: attributes to read.
    """
    entry = _entry(services, struct, entry_id)
    known = _ATTRIBUTES[struct]
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise UserError(sentences.UNKNOWN_ATTRIBUTE, struct=struct, names=", ".join(unknown), known=", ".join(known))
    values = {name: getattr(entry, name) for name in names or known}
    if "path" in values:
        values["path"] = str(services.workspace.folder(entry))
    return values


def change(services: Services, struct: str, entry_id: str, values: Mapping[str, Any]) -> None:
    """Changes attributes of an entry, all of them or none."""
    _entry(services, struct, entry_id)
    fixed = [name for name in values if name not in _CHANGEABLE[struct]]
    if fixed:
        raise UserError(
            sentences.NOT_CHANGEABLE, struct=struct, names=", ".join(fixed), changeable=", ".join(_CHANGEABLE[struct])
        )
    for name, value in values.items():
        if not isinstance(value, str):
            raise UserError(sentences.NOT_TEXT, name=name)
        if len(value) > _LENGTHS.get(name, len(value)):
            raise UserError(sentences.TOO_LONG, name=name, limit=_LENGTHS[name])
    if values.get("name", "-").strip() == "":
        raise UserError(sentences.EMPTY_NAME, struct=struct)
    if struct == "project":
        projects.change(services, entry_id, values)
    else:
        services.workspace.update(entry_id, **values)


def _entry(services: Services, struct: str, entry_id: str) -> _Entry:
    lookups: dict[str, Callable[[str], _Entry]] = {
        "dataset": services.workspace.dataset,
        "project": services.workspace.project,
        "task": services.workspace.task,
    }
    if struct not in lookups:
        raise UserError(sentences.UNKNOWN_STRUCT, struct=struct)
    return lookups[struct](entry_id)
